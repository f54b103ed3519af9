"""When a container starts again by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from dataplane.desired.records import ContainerRecord
from dataplane.live.backoff import Backoff
from dataplane.model import Restart


class Restarts:
    """Of one container. ``start`` is called when its time has come, and calls ``begun``."""

    def __init__(self, name: str, start: Callable[[], Awaitable[None]]) -> None:
        self._name, self._start = name, start
        self._backoff: Backoff | None = None
        self._task: asyncio.Task[None] | None = None

    def renew(self, policy: Restart) -> None:
        """A user starts it: the count begins anew."""
        self.cancel()
        self._backoff = Backoff(policy)

    def delay(self, record: ContainerRecord, code: int, ran: float) -> float | None:
        """Seconds until it starts again, after a run of so many; None: it stays ended."""
        if self._backoff is None:  # another daemon has counted until now
            self._backoff = Backoff(record.restart)
            self._backoff.count = record.fate.restarts
        return self._backoff.after(code, ran)

    def soon(self, delay: float) -> None:
        """It starts in so many seconds, unless that is cancelled."""
        self._task = asyncio.create_task(self._wait(delay), name=f"restart of {self._name}")

    async def _wait(self, delay: float) -> None:
        await asyncio.sleep(delay)
        await self._start()

    def begun(self) -> None:
        """It starts now: too late to cancel."""
        self._task = None

    def cancel(self) -> None:
        """It does not start by itself."""
        if self._task is not None:
            self._task.cancel()
            self._task = None
