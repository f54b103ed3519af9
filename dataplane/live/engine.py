"""The engine of a lab, in a thread of its own: without the GIL it turns, between turns it does what it is told."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from dataplane.errors import UserError

if TYPE_CHECKING:
    from dataplane.actions import Action
    from dataplane.apply import Dataplane
    from dataplane.wiring import Wiring

_T = TypeVar("_T")
JOIN = 5.0
LOOK = 1.0


class EngineThread:
    """Used on the event loop, but for ``apply``; ``call`` hands work to the thread.

    ``again``: how its users have one that works again."""

    def __init__(self, seed: int, *, poll: bool = False, again: str = "dataplane down, then up") -> None:
        from dataplane.apply.taps import LiveDataplane

        self.seed = seed
        self.links: dict[str, str] = {}
        self.state, self._again = "running", again
        self._live = LiveDataplane(seed=seed, poll=poll)
        self._stopping = False
        self._died: Callable[[str], None] = lambda _why: None
        self._link: Callable[[str, str], None] = lambda _port, _what: None
        self._looking: asyncio.Task[None] | None = None
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)
        self._thread.start()

    def watch(self, link: Callable[[str, str], None], died: Callable[[str], None]) -> None:
        """Call ``link`` with a port and what became of it, ``died`` with the reason when the thread ends unasked."""
        self._link, self._died = link, died
        self._loop.add_reader(self._live.event_fd, self._tell)
        self._looking = asyncio.create_task(self._look_on(), name="links")

    def _tell(self) -> None:
        for port, what in self._live.link_events():
            self.links[port] = what
            self._link(port, what)

    async def look(self) -> None:
        """Learn the state of every link now. Traffic shows it as well, but only where some goes."""
        with suppress(UserError):  # the thread is no more, and somebody else tells that
            await self.call(lambda _dataplane: self._live.look())
            self._tell()

    async def _look_on(self) -> None:
        while self.state == "running":
            await asyncio.sleep(LOOK)
            await self.look()

    def _run(self) -> None:
        try:
            self._live.run()
            why = "the engine's thread ended"
        except BaseException as error:  # whatever it was, it must not go unnoticed
            why = f"the engine's thread died: {type(error).__name__}: {error}"
        if not self._stopping:
            self._loop.call_soon_threadsafe(self._end, why)

    def _end(self, why: str) -> None:
        self.state = why
        self._died(why)

    async def call(self, work: Callable[[Dataplane], _T]) -> _T:
        """What ``work`` returns, done by the thread between two turns. UserError when the thread is no more."""
        future = self._submit(lambda: work(self._live.dataplane))
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            if not future.cancelled() or self.state == "running":
                raise
            raise self._dead() from None

    def _submit(self, work: Callable[[], _T]) -> Future[_T]:
        if self.state != "running":
            raise self._dead()
        return self._live.submit(work)

    def _dead(self) -> UserError:
        return UserError(f"no traffic flows: {self.state}", mend=self._again, status=1)

    async def change_to(self, wiring: Wiring, taps: Mapping[str, int | tuple[int, ...]]) -> tuple[Action, ...]:
        """Carry out the difference and return it. ``taps``: descriptors for new ports, which belong to the engine from now on."""
        return await self.call(lambda _dataplane: self._live.change_to(wiring, taps))

    def apply(self, actions: Sequence[Action], taps: Mapping[str, int | tuple[int, ...]]) -> None:
        """Carry out actions that the caller knows to fit. ``taps``: as for ``change_to``. Blocking: for another thread."""
        try:
            self._submit(lambda: self._live.apply(actions, taps)).result()
        except CancelledError:
            raise self._dead() from None

    async def stop(self) -> None:
        """End the thread and close its ports. A second time: nothing."""
        if self._stopping:
            return
        self._stopping = True
        if self._looking is not None:
            self._looking.cancel()
        self._loop.remove_reader(self._live.event_fd)
        self._live.stop()
        await asyncio.to_thread(self._thread.join, JOIN)
        self._live.close()
