"""The state folder of each lab: where it is, that it is ours, who holds it.

Root: /run/dataplane/LAB; a user: $XDG_RUNTIME_DIR/dataplane/LAB, else /tmp/dataplane-UID/LAB. Folders are 0700 and owned by
the caller, or refused: nobody else may have put a link or a folder in our way.
"""

from __future__ import annotations

import fcntl
import os
import re
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from dataplane.errors import UserError
from dataplane.proc import pids

DYING = 2.0
_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}")


def base_folder() -> Path:
    """Where the labs of the caller are; it may not exist yet."""
    uid = os.geteuid()
    if uid == 0:
        return Path("/run/dataplane")
    runtime = runtime_folder()
    return runtime / "dataplane" if runtime is not None else Path(f"/tmp/dataplane-{uid}")  # ours only after checked


def runtime_folder() -> Path | None:
    """The caller's $XDG_RUNTIME_DIR, None where there is none."""
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if runtime.startswith("/"):
        with suppress(OSError):
            found = os.lstat(runtime)
            # After `su` the variable is another user's: not for us.
            if stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid():
                return Path(runtime)
    return None


def checked(folder: Path, other: str = "set XDG_RUNTIME_DIR to a folder of yours") -> Path:
    """Make the folder, or see that it is one, ours, and closed to others. UserError when not; ``other``: how to have another."""
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode):
        raise UserError("this is not a folder; a link here is refused", where=str(folder), mend=f"remove it, or {other}", status=1)
    if found.st_uid != os.geteuid():
        what = f"the state folder belongs to somebody else: user {found.st_uid}"
        raise UserError(what, where=str(folder), mend=f"remove it, or {other}", status=1)
    if found.st_mode & 0o077:
        what = f"the state folder is open to others: its mode is {found.st_mode & 0o777:04o}, not 0700"
        raise UserError(what, where=str(folder), mend=f"chmod 700 it, or {other}", status=1)
    return folder


def made_base() -> Path:
    """The base folder, made where it is not there. UserError when it is not safe to use."""
    return checked(base_folder())


def lab_folder(lab: str, *, create: bool = False) -> Path:
    """The state folder of ``lab``; with ``create``, made when it is not there. UserError when it is not safe to use."""
    if _NAME.fullmatch(lab) is None:
        raise UserError(f"{lab!r} cannot name a lab", mend="use up to 63 letters, digits, _ . and -, first a letter or digit")
    base = base_folder()
    if create:
        while True:
            try:
                checked(base)
                return checked(base / lab)
            except FileNotFoundError:  # the last lab's clean took the base away in between
                if not base.parent.is_dir():
                    raise
    if (base / lab).is_symlink() or (base / lab).exists():
        checked(base)
        checked(base / lab)
    return base / lab


def labs() -> list[str]:
    """The names of all labs of the caller that have a state folder."""
    with suppress(FileNotFoundError):
        return sorted(entry.name for entry in os.scandir(base_folder()) if not entry.name.startswith("."))
    return []


def try_lock(folder: Path) -> int | None:
    """A descriptor that locks the lab, None when somebody else does. The lock ends with the descriptor, or its process."""
    while True:
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.samestat(os.fstat(fd), os.stat(folder)):
                return fd
        except BlockingIOError:
            os.close(fd)
            return None
        except BaseException:
            os.close(fd)
            raise
        # Another folder took the place of the one we locked.
        os.close(fd)


def holder(folder: Path) -> tuple[int, int] | None:
    """Pid and start time of the lab process that wrote itself down, None when it is gone."""
    record = pids.read_json(str(folder / "lab.json"))
    if record is None or not pids.alive(record["pid"], record["start"]):
        return None
    return record["pid"], record["start"]


@contextmanager
def hold(lab: str) -> Iterator[Path]:
    """Be the one lab process of ``lab`` while inside: its state folder. UserError when another one is."""
    deadline = time.monotonic() + DYING
    while True:
        folder = lab_folder(lab, create=True)
        with suppress(FileNotFoundError):
            lock = try_lock(folder)
            # One that was killed is gone by its number a moment before its descriptors are.
            if lock is not None or holder(folder) is not None or time.monotonic() > deadline:
                break
            time.sleep(0.01)
    if lock is None:
        other = holder(folder)
        raise UserError(
            f"lab {lab} is up already" + (f" (process {other[0]})" if other else ""),
            where=str(folder),
            mend=f"dataplane down --lab {lab}, or give this one another name with --lab",
            status=1,
        )
    try:
        pids.write_json(str(folder / "lab.json"), {"pid": os.getpid(), "start": pids.start_time("self")})
        yield folder
    finally:
        os.close(lock)
