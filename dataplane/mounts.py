"""What a container finds in its file system beside the host's, and how much its processes may have, as plain frozen data."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

SHM = "/dev/shm"
PLAIN = ("noexec", "nosuid", "nodev")
"""Docker's for a file system in memory, where nothing else is said."""
MODES = frozenset(
    "ro rw z Z nocopy shared slave private rshared rslave rprivate consistent cached delegated default".split()  # noqa: SIM905
)
"""What may stand behind a bind's target; only ``ro`` changes anything."""
TMPFS = frozenset("ro rw exec noexec suid nosuid dev nodev size mode uid gid nr_inodes nr_blocks".split())  # noqa: SIM905
"""Names of its options."""


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
class Device:
    """A device of the host by the name ``target``. ``permissions``: of r, w and m; kept, and nothing comes of them."""

    source: str
    target: str
    permissions: str = "rwm"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ulimit:
    """A limit of setrlimit(2); ``name`` as in limits.conf(5): nofile, core …; -1: none."""

    name: str
    soft: int
    hard: int


def target_of(path: str) -> str:
    """``path`` as something is mounted on it. ValueError, in Docker's words: nothing can be."""
    target = path.rstrip("/")
    if not path.startswith("/"):
        raise ValueError(f"invalid mount path: '{path[:256]}' mount path must be absolute")
    if target in {"", "/proc"} or ".." in target.split("/"):  # a container's own processes are in /proc, and its init needs it
        raise ValueError(f"invalid specification: destination can't be '{path[:256]}'")
    return target


def together(mounts: Iterable[Mount], shm_size: int, devices: Iterable[Device]) -> tuple[Mount, ...]:
    """All that is mounted, outer folders first. What ``mounts`` has at a place stands above ``shm_size`` (0: none) and devices."""
    found = {one.target: one for one in mounts}
    if shm_size > 0:
        found.setdefault(SHM, Mount(target=SHM, options=(*PLAIN, f"size={shm_size}", "mode=1777")))
    for device in devices:
        found.setdefault(device.target, Mount(target=device.target, source=device.source))
    return tuple(sorted(found.values(), key=lambda one: one.target.count("/")))
