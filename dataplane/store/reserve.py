"""Room on the disk for what makes room: SQLite writes before it frees, so on a full disk nothing could be removed."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

SIZE = 2**20
"""Octets. A removal takes a few pages; what waits in the WAL, and may make the file longer, is more."""


class Reserve:
    """The file FILE.reserve, as long as there is room for it. Blocking, one call at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path.with_name(f"{path.name}.reserve")
        self._whole = False

    def keep(self) -> None:
        """There it is, unless there is no room."""
        if self._whole:
            return
        with suppress(OSError):
            fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            try:
                os.posix_fallocate(fd, 0, SIZE)
                self._whole = True
            except OSError:
                os.ftruncate(fd, 0)  # what it has got so far is others'
            finally:
                os.close(fd)

    def give_up(self) -> bool:
        """Its room is free now; False: it had none."""
        if not self._whole:
            return False
        self._whole = False
        with suppress(OSError):
            os.truncate(self.path, 0)
        return True
