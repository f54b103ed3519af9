"""Where a daemon keeps its desired state: one protocol, for stores that live in a file and stores that several hosts share."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

from dataplane.desired.records import State


class Store(Protocol):
    """Blocking. Errors: UserError that names the place: it cannot be read or written, or is from a later version."""

    def load(self) -> State:
        """What was saved last; of a new store, an empty State."""

    def save(self, old: State, new: State) -> None:
        """Write what differs between the two, all of it or nothing."""

    def owing(self) -> AbstractContextManager[None]:
        """A save within that cannot be written is owed: the next one writes it too. For what has happened, written down or not."""

    def close(self) -> None:
        """Let go of it."""
