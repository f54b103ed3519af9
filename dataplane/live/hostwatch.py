"""Notice that the host's addresses change, by netlink, and have somebody follow: once, for several that come together."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable

CALM = 0.2
"""Seconds from the first sign until the host is looked at."""


class HostWatch:
    """``start`` it as often as you like: it watches once. Used on the event loop."""

    def __init__(self, follow: Callable[[], Awaitable[None]]) -> None:
        self._follow = follow
        self._watching: socket.socket | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self, watching: Callable[[], socket.socket | None]) -> None:
        """Watch the socket that is given, if there is one: readable at a change."""
        if self._watching is None and (found := watching()) is not None:
            self._watching = found
            asyncio.get_running_loop().add_reader(found, self._changed, found)

    def stop(self) -> None:
        """Watch no more."""
        if self._watching is not None:
            asyncio.get_running_loop().remove_reader(self._watching)
            self._watching.close()
            self._watching = None

    def _changed(self, watching: socket.socket) -> None:
        _drain(watching)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._look())

    async def _look(self) -> None:
        await asyncio.sleep(CALM)
        await self._follow()


def _drain(watching: socket.socket) -> None:
    """Read away what the kernel told: the whole is read anew. Lost messages (ENOBUFS) are a sign like any other."""
    while True:
        try:
            watching.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            continue
