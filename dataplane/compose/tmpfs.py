"""``tmpfs`` of a service: ``/PATH[:OPTIONS]``, one or a list -> `mounts.Mount`s in memory."""

from __future__ import annotations

import re

from dataplane.compose.nodes import At
from dataplane.compose.values import mount_target
from dataplane.mounts import PLAIN, TMPFS, Mount

NUMBER = re.compile(r"[0-9]{1,18}", re.ASCII)
VALUES = {
    "size": re.compile(r"[0-9]{1,18}[kmgtpe%]?", re.ASCII | re.IGNORECASE),
    "nr_inodes": re.compile(r"[0-9]{1,18}[kmg]?", re.ASCII | re.IGNORECASE),
    "nr_blocks": re.compile(r"[0-9]{1,18}[kmg]?", re.ASCII | re.IGNORECASE),
    "mode": re.compile(r"0?[0-7]{1,4}", re.ASCII),
    "uid": NUMBER,
    "gid": NUMBER,
}
"""Options that have a value (tmpfs(5)); all others have none."""
MODE = re.compile(r"(?:0o)?0?([0-7]{1,4})", re.ASCII)
FORMS = 'write "/PATH" or "/PATH:size=64m,mode=1777"'


def tmpfs(at: At | None) -> tuple[Mount, ...]:
    """Every entry, in order, with Docker's options where nothing else is said."""
    return tuple(map(_mount, at.elements())) if at else ()


def mode(at: At) -> int:
    """Permissions: a number as YAML reads it (``0755`` is octal), or octal digits in quotes."""
    match = MODE.fullmatch(at.text()) if isinstance(at.value, str) else None
    bits = int(match[1], 8) if match else at.value
    if not isinstance(bits, int) or not 0 <= bits <= 0o7777:
        raise at.wrong(f'"{at.text()}" is not a file mode', "write it in octal: 01777")
    return bits


def _mount(at: At) -> Mount:
    where, colon, text = at.text().partition(":")
    target = mount_target(at, where, FORMS)
    options = text.split(",") if colon else []
    for option in options:
        name, _, value = option.partition("=")
        pattern = VALUES.get(name)
        if name not in TMPFS or (pattern is None) != (option == name) or (pattern is not None and not pattern.fullmatch(value)):
            raise at.wrong(f'invalid tmpfs option ["{option}"]', FORMS)
    return Mount(target=target, options=(*PLAIN, *options))
