"""One daemon for one file: a lock that ends with the process that has it."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path

from dataplane.errors import UserError


def locked(path: Path) -> int:
    """The descriptor of FILE.lock, locked until it is closed. UserError: another has it. OSError: it cannot be made.

    Not the file itself: SQLite's own locks on that would end with the first descriptor of it that is closed (fcntl(2))."""
    place = path.with_name(f"{path.name}.lock")
    lock = os.open(place, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(lock, 32, 0).decode("ascii", "replace").strip()
        os.close(lock)
        raise UserError(
            f"another daemon has {path}{f' (process {holder})' if holder else ''}",
            mend="stop it, or name another folder: --state DIR",
            status=1,
        ) from None
    except BaseException:
        os.close(lock)
        raise
    with suppress(OSError):  # who has it is said to people alone, and a disk may be full
        os.pwrite(lock, f"{os.getpid():<31}\n".encode(), 0)
    return lock
