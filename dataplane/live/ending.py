"""That a lab is to end, and the steps of its end for whoever follows them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from dataplane.live.rows import StepRow


class Ending:
    """Why and how the lab ends. The first reason counts, a later one may only shorten the grace."""

    def __init__(self) -> None:
        self.reason: str | None = None
        self.grace: float | None = None
        self.status = 0
        self._asked = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._followers: list[asyncio.Queue[StepRow | None]] = []
        self.hurry = asyncio.Event()

    def ask(self, reason: str, *, grace: float | None = None, status: int = 0) -> None:
        """End the lab; asked again: at once."""
        if self.reason is not None:
            self.hurry.set()
            return
        self.reason, self.grace, self.status = reason, grace, status
        self._asked.set()

    async def wait(self) -> None:
        """Until somebody asks."""
        await self._asked.wait()

    def follow(self) -> AsyncGenerator[StepRow, None]:
        """The steps of the end from now on, until it is done."""
        rows: asyncio.Queue[StepRow | None] = asyncio.Queue()
        self._followers.append(rows)

        async def told() -> AsyncGenerator[StepRow, None]:
            while (row := await rows.get()) is not None:
                yield row

        return told()

    def tell(self, row: StepRow | None) -> None:
        """A step of the end; None: that was all. From any thread."""
        for rows in self._followers:
            self._loop.call_soon_threadsafe(rows.put_nowait, row)
