"""Pause: every process of a container but its shim stops until it is told to go on. Blocking.

Root has the kernel's freezer (cgroups(7)), version 2 or 1, in a cgroup below the shim's own that lives as long as the pause:
processes cannot tell that they were frozen, and what bounds them still does. An ordinary user has SIGSTOP and SIGCONT for each
process, which parents that watch their children can see; a process that was stopped before goes on with the others then.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from dataplane.daemon.container.members import members
from dataplane.errors import UserError

V1, V2 = Path("/sys/fs/cgroup/freezer"), Path("/sys/fs/cgroup")
NAME = "dataplane-{}"
PATIENCE = 5.0
STOPPED = frozenset("TtZX")


def pause(name: str, shim: int) -> None:
    """Stop the processes under ``shim``; ``name`` tells its cgroup from others. UserError when they do not stop."""
    group = _made(name, shim)
    deadline = time.monotonic() + PATIENCE
    # One that runs may fork just now: look until there is none that is not held.
    held: dict[int, str] = {}
    while fresh := [one for one in members(shim)[1:] if one.pid not in held and one.state not in "ZX"]:
        for one in fresh:
            if group is None:
                _signal(one.pid, signal.SIGSTOP)
            else:
                _move(one.pid, group)
            held[one.pid] = one.state
        if time.monotonic() > deadline:
            break
    if group is not None:
        _write(group, frozen=True)
    while not (_holds(group) if group is not None else all(one.state in STOPPED for one in members(shim)[1:])):
        if time.monotonic() > deadline:
            unpause(name, shim)
            raise UserError("the processes of the container do not stop", where=f"process {shim}", mend="see ps -l", status=1)
        time.sleep(0.002)


def unpause(name: str, shim: int) -> None:
    """Let them go on."""
    group = frozen(name)
    if group is None:
        for one in members(shim)[1:]:
            _signal(one.pid, signal.SIGCONT)
        return
    _write(group, frozen=False)
    _dissolve(group)


def forget(name: str) -> None:
    """The container has ended: nothing of a pause is left."""
    group = frozen(name)
    if group is not None:
        _end(group)


def thaw(names: Collection[str]) -> None:
    """The same of several, which may run: what is frozen cannot be killed either, in version 1."""
    for root in (V1, V2):
        for group in list(root.rglob(NAME.format("*"))):
            if group.name.removeprefix(NAME.format("")) in names:
                _end(group)


def frozen(name: str) -> Path | None:
    """The cgroup of a pause that lasts; None: there is none."""
    for root in (V1, V2):
        for place in root.rglob(NAME.format(name)):
            return place
    return None


def _made(name: str, shim: int) -> Path | None:
    """A fresh cgroup; None: this user, or this machine, has none."""
    for root, mark in ((V1, ":freezer:"), (V2, "0::")):
        if not (root / "cgroup.procs").exists():
            continue
        with suppress(OSError, StopIteration):
            lines = Path(f"/proc/{shim}/cgroup").read_text("utf-8").splitlines()
            own = next(line.partition(mark)[2] for line in lines if mark in line)
            place = root / own.strip("/") / NAME.format(name)
            place.mkdir(exist_ok=True)
            if os.access(place / "cgroup.procs", os.W_OK):
                return place
    return None


def _move(pid: int, group: Path) -> None:
    with suppress(OSError):  # it has ended meanwhile
        (group / "cgroup.procs").write_text(str(pid), "ascii")


def _write(group: Path, *, frozen: bool) -> None:
    if (group / "freezer.state").exists():
        (group / "freezer.state").write_text("FROZEN" if frozen else "THAWED", "ascii")
    else:
        (group / "cgroup.freeze").write_text("1" if frozen else "0", "ascii")


def _holds(group: Path) -> bool:
    with suppress(OSError):
        if (group / "freezer.state").exists():
            return (group / "freezer.state").read_text("ascii").strip() == "FROZEN"
        return "frozen 1" in (group / "cgroup.events").read_text("ascii")
    return False


def _end(group: Path) -> None:
    """Whatever is still in it goes on; it may be gone already."""
    with suppress(OSError):
        _write(group, frozen=False)
    _dissolve(group)


def _dissolve(group: Path) -> None:
    """Its processes go back to where they were, and it goes."""
    deadline = time.monotonic() + PATIENCE
    while group.is_dir() and time.monotonic() < deadline:
        with suppress(OSError):
            for pid in (group / "cgroup.procs").read_text("ascii").split():
                _move(int(pid), group.parent)
            group.rmdir()
            return
        time.sleep(0.005)


def _signal(pid: int, number: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)
