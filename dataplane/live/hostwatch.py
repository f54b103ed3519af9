"""Notice that the host's addresses change, by netlink, and have somebody follow: once, for several that come together."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable, Mapping

CALM = 0.2
"""Seconds from the first sign until the host is looked at."""


class HostWatch:
    """``start`` it as often as you like: each place is watched once. Used on the event loop."""

    def __init__(self, follow: Callable[[], Awaitable[None]]) -> None:
        self._follow = follow
        self._watching: dict[str, socket.socket] = {}
        self._task: asyncio.Task[None] | None = None

    def start(self, places: Mapping[str, Callable[[], socket.socket | None]]) -> None:
        """Watch the socket that each gives, if it does: readable at a change."""
        for name, watching in places.items():
            if name not in self._watching and (found := watching()) is not None:
                self._watching[name] = found
                asyncio.get_running_loop().add_reader(found, self._changed, found)

    def stop(self, places: Iterable[str] | None = None) -> None:
        """Watch these no more, or nothing."""
        for name in [*self._watching] if places is None else places:
            if (watching := self._watching.pop(name, None)) is not None:
                asyncio.get_running_loop().remove_reader(watching)
                watching.close()

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
