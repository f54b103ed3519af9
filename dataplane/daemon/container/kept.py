"""The folder in which what a container wrote is kept, in the daemon's state: it outlives the machine's own restart, as the
container does. Blocking, all of it."""

from __future__ import annotations

import shutil
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from dataplane.errors import UserError
from dataplane.proc.logfile import NAME


class Kept:
    """``folder``: one folder in it for each container, by its id; ``earlier``: where earlier versions had logs, by short ids."""

    def __init__(self, folder: Path, earlier: Path) -> None:
        self.folder, self._earlier = folder, earlier

    def place(self, id: str) -> Path:
        """The folder that its log is in: where an earlier version's shim still writes it, that one's."""
        own, old = self.folder / id, self._earlier / id[:12]
        return old if (old / NAME).exists() and not (own / NAME).exists() else own

    def take(self, id: str) -> Path:
        """The folder for its log, which nobody writes now: made, with what an earlier version had written. UserError: it is not."""
        own = self.folder / id
        try:
            own.mkdir(mode=0o700, parents=True, exist_ok=True)
            for name in (f"{NAME}.1", NAME):
                old = self._earlier / id[:12] / name
                if old.exists():
                    shutil.move(old, own / name)
        except OSError as error:
            mend = "make room there, or whatever it takes to write"
            raise UserError(f"the folder of a log cannot be made: {error.strerror}", where=str(own), mend=mend, status=1) from None
        return own

    def forget(self, id: str) -> None:
        """Remove it."""
        shutil.rmtree(self.folder / id, ignore_errors=True)

    def sweep(self, ids: Collection[str]) -> None:
        """Remove what is of no container that there is."""
        with suppress(FileNotFoundError):
            for place in self.folder.iterdir():
                if place.name not in ids:
                    shutil.rmtree(place, ignore_errors=True)
