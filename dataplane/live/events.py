"""What happened in a lab: the last events, numbered, and whoever waits for the next. Bounded; a slow reader loses the oldest."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator

from dataplane.live.rows import EventRow

KEPT = 1024


class Events:
    """The events of one lab. Used on the event loop's thread only. ``news`` is set by the next one."""

    def __init__(self) -> None:
        self._kept: deque[EventRow] = deque(maxlen=KEPT)
        self._next = 1
        self.news = asyncio.Event()

    def add(self, what: str, who: str, detail: str = "") -> None:
        """Something happened to ``who``."""
        self._kept.append({"number": self._next, "time": time.time_ns(), "what": what, "who": who, "detail": detail})
        self._next += 1
        self.news.set()
        self.news = asyncio.Event()

    def since(self, number: int) -> list[EventRow]:
        """Those kept that came after event ``number``."""
        return [event for event in self._kept if event["number"] > number]

    async def follow(self, number: int) -> AsyncGenerator[EventRow, None]:
        """Those after ``number``, for ever."""
        while True:
            news = self.news
            for event in self.since(number):
                number = event["number"]
                yield event
            if news is self.news:
                await news.wait()
