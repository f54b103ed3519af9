"""Room on the disk for what makes room: SQLite writes before it frees, so on a full disk nothing could be removed; nor could a
daemon begin, which would remove it."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

_T = TypeVar("_T")
SIZE = 2**20
"""Octets. A removal takes a few pages; what waits in the WAL, and may make the file longer, is more."""
STEP = SIZE // 16
"""Octets by which it is smaller where there is no room for all of it."""
BEGINNING = SIZE // 4
"""Octets of it that a daemon has to begin with."""
FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


class Reserve:
    """The file FILE.reserve, as long as there is room for it. Blocking, one call at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path.with_name(f"{path.name}.reserve")
        self._size = 0

    def keep(self) -> None:
        """There it is, as much as there is room for; what an earlier daemon has left of it is not less then."""
        if self._size == SIZE:
            return
        with suppress(OSError):
            fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            try:
                self._size = had = _held(fd)
                for size in range(SIZE, had, -STEP):
                    try:
                        os.posix_fallocate(fd, 0, size)
                    except OSError:
                        os.ftruncate(fd, had)  # what it has got so far is others'
                    else:
                        self._size = size
                        return
            finally:
                os.close(fd)

    def give_up(self) -> bool:
        """Its room is free now; False: it had none."""
        if not self._size:
            return False
        self._size = 0
        with suppress(OSError):
            os.truncate(self.path, 0)
        return True

    def lend(self) -> bool:
        """The part for a beginning is free now; False: there is none. For who has not kept it yet."""
        with suppress(OSError):
            fd = os.open(self.path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                had = _held(fd)
                os.ftruncate(fd, max(0, had - BEGINNING))
                return had > 0
            finally:
                os.close(fd)
        return False


def with_room(path: Path, work: Callable[[], _T]) -> _T:
    """What a daemon of the state `path` writes when it begins; if need be, with a part of the reserve. OSError."""
    try:
        return work()
    except OSError as error:
        if error.errno not in FULL or not Reserve(path).lend():
            raise
        return work()


def _held(fd: int) -> int:
    """Octets of the file that are no hole."""
    found = os.fstat(fd)
    return min(found.st_size, found.st_blocks * 512)
