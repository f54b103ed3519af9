"""What a container finds in its file system beside the host's, and how much its processes may have, as plain frozen data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """Something over ``target``. ``source``: the host's file or folder; "": a fresh file system in memory (tmpfs), with ``options``
    as mount(8) has them. ``make``: a source that is not there becomes a folder, as `-v` has it (`--mount` refuses)."""

    target: str
    source: str = ""
    options: tuple[str, ...] = ()
    read_only: bool = False
    make: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ulimit:
    """A limit of setrlimit(2); ``name`` as in limits.conf(5): nofile, core …; -1: none."""

    name: str
    soft: int
    hard: int
