"""The processes of a container: its shim and all that descends from it, for the shim is their init and adopts orphans. Blocking."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

TICK = 1_000_000_000 // os.sysconf("SC_CLK_TCK")
"""ns of a clock tick, in which the kernel tells CPU times."""


@dataclass(frozen=True, slots=True)
class Member:
    """A process as the host numbers it. ``cpu``: ns that it used, with its children that have ended."""

    pid: int
    parent: int
    state: str
    cpu: int


def table() -> Mapping[int, list[Member]]:
    """All processes of the machine by their parent."""
    found: defaultdict[int, list[Member]] = defaultdict(list)
    for name in os.listdir("/proc"):  # noqa: PTH208 names, and many
        if name.isdecimal():
            one = _read(name)
            if one is not None:
                found[one.parent].append(one)
    return found


def members(shim: int, processes: Mapping[int, list[Member]] | None = None) -> list[Member]:
    """The shim first, then the others in the order of their numbers. Empty where it is gone."""
    known = table() if processes is None else processes
    first = _read(str(shim))
    if first is None:
        return []
    found, begun = [first], [shim]
    while begun:
        children = known.get(begun.pop(), [])
        found += children
        begun += [child.pid for child in children]
    return [first, *sorted(found[1:], key=lambda one: one.pid)]


def memory(pid: int) -> int:
    """Octets of a process, its share of what it shares (PSS; proc(5), smaps_rollup); 0 where that may not be read."""
    with suppress(OSError, ValueError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_bytes().splitlines():
            if line.startswith(b"Pss:"):
                return int(line.split()[1]) * 1024
    return 0


def _read(name: str) -> Member | None:
    try:
        text = Path(f"/proc/{name}/stat").read_bytes()
        # The name may hold spaces and parentheses: fields are counted from its closing one (proc(5), stat).
        words = text[text.rindex(b")") + 2 :].split()
        return Member(int(name), int(words[1]), words[0].decode(), sum(map(int, words[11:15])) * TICK)
    except (OSError, ValueError, IndexError):
        return None
