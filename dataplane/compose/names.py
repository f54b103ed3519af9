"""Names of labs."""

from __future__ import annotations

import re
from pathlib import Path

from dataplane.errors import UserError

LAB = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
NOT_ALLOWED = re.compile(r"[^a-z0-9_-]")
RULE = 'use small letters, digits, "-" and "_", at most 63, beginning with a letter or digit'


def normalised(text: str) -> str:
    """``text`` as Compose makes a project name of a folder's: lower case, what is not allowed left out."""
    return NOT_ALLOWED.sub("", text.lower()).lstrip("_-")


def lab_name(written: str, where: str) -> str:
    """``written`` when it may name a lab. UserError at ``where`` otherwise."""
    if not LAB.fullmatch(written):
        better = normalised(written)[:63]
        raise UserError(f'"{written}" cannot name a lab', where=where, mend=f"write {better}" if better else RULE)
    return written


def from_folder(folder: str, file: str) -> str:
    """The name of a lab whose file does not say: its folder's."""
    name = normalised(Path(folder).name)
    if not LAB.fullmatch(name):
        raise UserError(f'the folder "{folder}" gives the lab no name', where=file, mend="write name: at the top of the file")
    return name
