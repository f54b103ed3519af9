"""Work that is finished once begun, also where whoever asked for it has gone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

_T = TypeVar("_T")


class Carried:
    """Such work of one owner, in tasks that are kept until they end: the loop itself keeps none."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Future[Any]] = set()

    async def through(self, work: Awaitable[_T]) -> _T:
        """What the work comes to; it goes on where the caller is cancelled."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return await asyncio.shield(task)

    def _done(self, task: asyncio.Future[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # whoever waited has seen it; who has gone does not want it
