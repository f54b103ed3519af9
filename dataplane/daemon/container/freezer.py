"""Pause: every process of a container but its shim stops until it is told to go on. Blocking.

Root has the kernel's freezer (cgroups(7)), version 2 or 1, in a cgroup below the shim's own that lives as long as the pause:
processes cannot tell that they were frozen, and what bounds them still does. An ordinary user has SIGSTOP and SIGCONT for each
process, which parents that watch their children can see; a process that was stopped before goes on with the others then.

``place`` is the folder of a container's shim, and its name tells cgroups apart. It says there, before anything stops, which cgroup
it will be: a daemon that was killed meanwhile leaves to the next what has to go on.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path

from dataplane.daemon.container.members import members
from dataplane.errors import UserError
from dataplane.proc import pids

V1, V2 = Path("/sys/fs/cgroup/freezer"), Path("/sys/fs/cgroup")
NAME = "dataplane-{}"
MARK = "pause.json"
PATIENCE = 5.0
STOPPED = frozenset("TtZX")


def pause(place: Path, shim: int) -> None:
    """Stop the processes under ``shim``. UserError when they do not stop."""
    group = _made(place.name, shim)
    _write_down(place, group)
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
            unpause(place, shim)
            raise UserError("the processes of the container do not stop", where=f"process {shim}", mend="see ps -l", status=1)
        time.sleep(0.002)


def unpause(place: Path, shim: int) -> None:
    """Let them go on."""
    group = frozen(place)
    if group is None:
        _go_on(shim)
    else:
        _write(group, frozen=False)
        _dissolve(group)
    (place / MARK).unlink(missing_ok=True)


def forget(place: Path) -> None:
    """The container has ended: nothing of a pause is left."""
    group = frozen(place)
    if group is not None:
        _end(group)
    (place / MARK).unlink(missing_ok=True)


def thaw(places: Collection[Path]) -> None:
    """The same of several, which may run, and then go on: what is frozen cannot be killed either, in version 1."""
    names = {NAME.format(place.name) for place in places}
    for group in list(_groups("*")):
        if group.name in names:
            _end(group)
    for place in places:
        if _written_down(place) == "":
            body = pids.read_json(str(place / "status.json"))
            if body is not None and pids.alive(body["pid"], body["start"]):
                _go_on(body["pid"])
        (place / MARK).unlink(missing_ok=True)


def frozen(place: Path) -> Path | None:
    """The cgroup of a pause that lasts; None: there is none."""
    known = _written_down(place)
    if known is None:  # by an earlier version, or where there was no room to say so
        return next(_groups(place.name), None)
    return Path(known) if known and Path(known).is_dir() else None


def _groups(name: str) -> Iterator[Path]:
    """All of that name, wherever they are."""
    return V2.rglob(NAME.format(name))  # the first version's hierarchies are mounted below


def _write_down(place: Path, group: Path | None) -> None:
    with suppress(OSError):  # a disk that is full is no reason not to pause
        pids.write_json(str(place / MARK), {"cgroup": str(group or "")})


def _written_down(place: Path) -> str | None:
    """The cgroup of a pause that has begun, "" of one by signals; None: nothing says that there is one."""
    body = pids.read_json(str(place / MARK))
    return None if body is None else str(body.get("cgroup", ""))


def _go_on(shim: int) -> None:
    for one in members(shim)[1:]:
        _signal(one.pid, signal.SIGCONT)


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
