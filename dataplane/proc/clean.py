"""Remove all that a lab has on this machine, whatever of it was killed and when; nothing else; again and again with no harm."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from pathlib import Path

from dataplane.errors import UserError
from dataplane.proc import mounts, pids
from dataplane.proc.helper import MARK
from dataplane.proc.registry import base_folder, holder, lab_folder, labs, try_lock

PATIENCE = 10.0
Holder = tuple[int, int]
"""Pid and start time of a lab process."""


def _nobody(_command: str) -> None:
    """Who is told nothing."""


def clean(lab: str, *, kill: Callable[[Holder], bool] = lambda _holder: True, tell: Callable[[str], None] = _nobody) -> bool:
    """End the processes of ``lab`` and remove its namespaces, mounts and files. False when there was nothing.

    A lab process that still runs is killed: ask it to end first. TAPs and routes end with their namespaces, mounts and
    commands with their shims. UserError when something does not end. Not to be called inside ``registry.hold``.
    ``kill``: asked about a lab process that runs; one that is to live (of a lab that began meanwhile) is left, and all it has.
    ``tell``: commands that do what was done on the host.
    """
    folder = lab_folder(lab)
    try:
        lock = _locked(folder, kill)
    except FileNotFoundError:
        _release()
        return False
    if lock is None:
        return False
    try:
        clear(folder, tell=tell)
    finally:
        os.close(lock)
    return True


def clear(folder: Path, keep: Collection[str] = (), tell: Callable[[str], None] = _nobody) -> None:
    """As ``clean``, for whoever holds the lock of ``folder``. ``keep``: files in it that stay, and with them the folder."""
    _end_processes(folder)
    _restore_host(folder, tell)
    _remove_namespaces(folder)
    if not keep:
        _remove(folder)
        _release()
        return
    for entry in folder.iterdir():
        if entry.name not in keep:
            shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()


def _locked(folder: Path, kill: Callable[[Holder], bool]) -> int | None:
    deadline = time.monotonic() + PATIENCE
    while (lock := try_lock(folder)) is None:
        other = holder(folder)
        if other is not None and other[0] == os.getpid():
            raise RuntimeError(f"{folder} is held by the caller")
        if other is not None:
            if not kill(other):
                return None
            pids.kill(*other)
        if time.monotonic() > deadline:
            raise UserError("another process works on this lab", where=str(folder), mend="wait until it ends, or end it", status=1)
        time.sleep(0.02)
    return lock


def _members(folder: Path) -> Iterator[tuple[int, int]]:
    """The helper and all its forks: same command line, which names the folder, same user, and the folder is the same file to them:
    in a mount namespace of their own others may have one of that name."""
    name, ours = os.fsencode(folder), _stat(folder)
    for entry in os.listdir("/proc"):
        if not entry.isdecimal():
            continue
        with suppress(OSError):
            start = pids.start_time(entry)
            words = Path(f"/proc/{entry}/cmdline").read_bytes().split(b"\0")[:-1]
            if words[-4:-3] == [MARK.encode()] and words[-2] == name and os.stat(f"/proc/{entry}").st_uid == os.geteuid() and start:
                theirs = _stat(Path(f"/proc/{entry}/root{folder}"))
                if ours is None or theirs is None or os.path.samestat(ours, theirs):
                    yield int(entry), start


def _stat(path: Path) -> os.stat_result | None:
    """None where it cannot be seen."""
    try:
        return path.stat()
    except OSError:
        return None


def _end_processes(folder: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    # One that dies may have forked just before: look until there is none.
    while members := list(_members(folder)):
        for pid, start in members:
            pids.kill(pid, start, wait=0.0)
        for pid, start in members:
            pids.kill(pid, start, wait=max(0.0, deadline - time.monotonic()))
        if time.monotonic() > deadline:
            raise UserError("a process of the lab does not end", where=f"process {members[0][0]}", mend="see ps -l", status=1)


def _restore_host(folder: Path, tell: Callable[[str], None]) -> None:
    """Take back what the lab changed on the host, if it wrote down anything."""
    if any(folder.glob("**/host.json")):
        from dataplane.hostnet.undo import undo

        for command in undo(folder):
            tell(command)
    if (folder / "underlay").exists():
        from dataplane.hostnet.undo import undo_underlays

        for command in undo_underlays(folder):
            tell(command)
    if (folder / "hidden").exists():
        from dataplane.hostnet import hidden

        for command in hidden.undo(folder):
            tell(command)


def _remove_namespaces(folder: Path) -> None:
    with suppress(FileNotFoundError):
        for record in sorted((folder / "namespaces").iterdir()):
            body = pids.read_json(str(record))
            if body is not None and body["name"]:  # an ordinary user's have none
                mounts.unbind(body["name"], body["inode"])


def _remove(folder: Path) -> None:
    """The folder with all in it, also when a helper that was just starting put something there meanwhile.

    Its lock ends with it: a lab that starts then has a new folder of that name, which is not ours to touch.
    """
    deadline = time.monotonic() + PATIENCE
    ours = folder.stat()  # no other file can have this number while the caller's lock is open
    while _is(folder, ours):
        try:
            shutil.rmtree(folder)
        except OSError:
            if time.monotonic() > deadline:
                raise
            _end_processes(folder)


def _is(folder: Path, known: os.stat_result) -> bool:
    now = _stat(folder)
    return now is not None and os.path.samestat(now, known)


def _release() -> None:
    """Undo what the first lab did for all: once the last is gone."""
    base = base_folder()
    if os.geteuid() == 0:
        mounts.release(str(base), others=lambda: bool(labs()))
    with suppress(OSError):
        base.rmdir()
