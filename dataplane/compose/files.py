"""Reading files that a user named, with bounds and in UTF-8."""

from __future__ import annotations

import os
from pathlib import Path

from dataplane.errors import UserError

MAX_OCTETS = 1 << 20
NAMES = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml", "dataplane.yaml")
"""In the order Compose looks for them, and then our own."""


def find(folder: str | os.PathLike[str] = ".") -> Path:
    """The Compose file of ``folder``. UserError when there is none."""
    for name in NAMES:
        path = Path(folder, name)
        if exists(path):
            return path
    raise UserError(f"no Compose file in {os.fspath(folder)}", mend=f"give one with -f FILE, or write {NAMES[0]}")


def exists(path: Path) -> bool:
    """Whether there is a file at ``path`` that could be read; what cannot be asked is not there."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def read_text(path: Path, where: str = "") -> str:
    """The text of ``path``. UserError at ``where`` when it is not there, not text, or larger than 1 MiB."""
    try:
        with path.open("rb") as file:
            octets = file.read(MAX_OCTETS + 1)
    except FileNotFoundError:
        mend = "relative paths start at the file that names them" if where else "check the path"
        raise UserError(f"there is no file {path}", where=where, mend=mend) from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise UserError(f"{str(path)!r} cannot be read: {reason}", where=where, mend="check the path and its permissions") from None
    if len(octets) > MAX_OCTETS:
        raise UserError(f"{path} is larger than {MAX_OCTETS >> 20} MiB", where=where, mend="is it the right file?")
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not UTF-8 text (octet {error.start})", where=where, mend="save it as UTF-8") from None
