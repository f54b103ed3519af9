"""A poll loop: descriptors and what to call when they are ready. One deadline. No thread, no asyncio: a shim stays small."""

from __future__ import annotations

import select
import time
from collections.abc import Callable

READ = select.POLLIN
WRITE = select.POLLOUT


class Loop:
    """Descriptors with a callback each; a callback may add and remove others."""

    def __init__(self) -> None:
        self._poll = select.poll()
        self._ready: dict[int, Callable[[], object]] = {}
        self._events: dict[int, int] = {}
        self._deadline: tuple[float, Callable[[], None]] | None = None

    def add(self, fd: int, ready: Callable[[], object], events: int = READ) -> None:
        """Call ``ready`` whenever one of ``events`` holds, or the other side has hung up."""
        self._ready[fd] = ready
        self._events[fd] = events
        self._poll.register(fd, events)

    def remove(self, fd: int) -> None:
        """Forget a descriptor; before it is closed."""
        if self._ready.pop(fd, None) is not None:
            del self._events[fd]
            self._poll.unregister(fd)

    def pause(self, fd: int, events: int = READ) -> None:
        """Leave what comes in ``fd`` in the kernel for now; or do not wait for others of ``events``."""
        if fd in self._ready:
            self._events[fd] &= ~events
            self._poll.modify(fd, self._events[fd])

    def resume(self, fd: int, events: int = READ) -> None:
        """Read ``fd`` again; or wait for others of ``events``."""
        if fd in self._ready:
            self._events[fd] |= events
            self._poll.modify(fd, self._events[fd])

    def at(self, seconds: float, due: Callable[[], None]) -> None:
        """Call ``due`` once, in ``seconds``; in place of an earlier deadline."""
        self._deadline = (time.monotonic() + seconds, due)

    def turn(self) -> None:
        """Sleep until something is ready or due, then call it."""
        timeout = None if self._deadline is None else max(0.0, self._deadline[0] - time.monotonic()) * 1000
        for fd, _events in self._poll.poll(timeout):
            ready = self._ready.get(fd)
            if ready is not None:
                ready()
        if self._deadline is not None and time.monotonic() >= self._deadline[0]:
            _, due = self._deadline
            self._deadline = None
            due()
