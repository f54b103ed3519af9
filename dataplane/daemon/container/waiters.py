"""Who waits for a container's end, or for its removal."""

from __future__ import annotations

import asyncio


class Waiters:
    """Of one container."""

    def __init__(self) -> None:
        self._exits: list[asyncio.Future[int]] = []
        self._removals: list[asyncio.Future[int]] = []

    def exit(self) -> asyncio.Future[int]:
        """Its exit status, at its next end."""
        return _added(self._exits)

    def removal(self) -> asyncio.Future[int]:
        """Its last exit status, once it is removed."""
        return _added(self._removals)

    def ended(self, code: int) -> None:
        """It has ended so: tell."""
        _tell(self._exits, code)

    def removed(self, code: int) -> None:
        """It is no more; its last exit status was that: tell."""
        _tell(self._exits, code)
        _tell(self._removals, code)


def _added(waiting: list[asyncio.Future[int]]) -> asyncio.Future[int]:
    future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    waiting.append(future)
    return future


def _tell(waiting: list[asyncio.Future[int]], code: int) -> None:
    told = waiting.copy()
    waiting.clear()
    for one in told:
        if not one.done():
            one.set_result(code)
