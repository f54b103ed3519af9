"""A daemon's core: the desired state, and the namespaces, engine and host's rules that make it true. Lives on an event loop.

``change_to`` is the only way anything changes. What must run follows from a State alone, so that a daemon that begins where another
was killed does what any change does: it compares what is wanted with what it finds.
"""

from __future__ import annotations

import asyncio
import secrets
import time
import traceback
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from dataplane.actions import diff as wiring_diff
from dataplane.daemon.container.kept import Kept
from dataplane.daemon.ended import EndedError
from dataplane.daemon.face import Event
from dataplane.daemon.finding import Found
from dataplane.daemon.hostside import HostSide, PortTakenError, say
from dataplane.daemon.planner import Planner
from dataplane.daemon.reconcile import Step, diff, ports_parted
from dataplane.daemon.resuming import possible
from dataplane.daemon.rooms import Rooms
from dataplane.daemon.specs import Sandboxes
from dataplane.desired.changing import asleep
from dataplane.desired.networks import fresh
from dataplane.desired.records import PREDEFINED, ContainerRecord, State
from dataplane.desired.refused import Refused
from dataplane.desired.surroundings import Surroundings
from dataplane.desired.ways import with_way_out
from dataplane.errors import UserError
from dataplane.live.engine import EngineThread
from dataplane.model import EMPTY, Plan
from dataplane.proc.helper import Helper
from dataplane.proc.spec import NamespaceRef
from dataplane.store import Store
from dataplane.uplinks import NOTHING
from dataplane.wiring import Wiring, without

_T = TypeVar("_T")
_Planned = tuple[Plan, Sandboxes, Wiring]
ATTEMPTS = 64
"""Ports that nobody chose and that others have: how many are tried."""


def new_id() -> str:
    """64 hexadecimal digits that nobody has; the first 12 are no number, which Docker's short ids must not be."""
    while (found := secrets.token_hex(32))[:12].isdecimal():
        continue
    return found


class Core:
    """One daemon. ``listeners`` are told every Event; ``followers`` (old, new) after each change, before it counts as done."""

    def __init__(
        self,
        folder: Path,
        store: Store,
        helper: Helper,
        engine: EngineThread,
        host: HostSide,
        *,
        kept: Kept,
        finding: Future[Found] | None = None,
    ) -> None:
        self.name, self.folder, self.kept, self.store = folder.name, folder, kept, store
        self.helper, self.engine, self.host = helper, engine, host
        self.state = State()
        self.plan: Plan = Planner.nothing(self.name)
        self.wiring = Wiring()
        self.lock = asyncio.Lock()
        self.listeners: list[Callable[[Event], None]] = []
        self.followers: list[Callable[[State, State], Awaitable[None]]] = []
        self.rooms = Rooms(helper, finding)
        self._planner = Planner(self.name, host.underlay)
        self._torn = True  # what is there may not be what the state says
        self._looked = self._ended = False
        # Changes have one thread of their own, and hand over to it once: that costs a quarter of a ms where the machine was idle,
        # twice where others of a pool wake as well.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="changes")

    async def _blocking(self, work: Callable[..., _T], *args: object) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *args)

    # -- questions --------------------------------------------------------------------------------------------------------

    async def surroundings(self) -> Surroundings:
        """What the host has now that choices keep clear of. Until the next change, no lab of this host chooses."""
        return await self._blocking(self.host.look)

    def namespace(self, container: str) -> NamespaceRef:
        """The namespace that a container lives in: its own, another's or the host's. Refused 409 where it has none."""
        record = self.state.containers.get(container)
        seen: set[str] = set()
        while record is not None and record.id not in seen:
            mode, _, other = record.network_mode.partition(":")
            if mode != "container":
                found = self.rooms.references.get(record.short)
                if found is not None:
                    return found
                break
            seen.add(record.id)
            record = self.state.containers.get(other)
        raise Refused(409, f"Container {container} is not running")

    def sandbox(self, container: str) -> str:
        """The path of that namespace, "" where there is none."""
        try:
            return self.namespace(container).path
        except Refused:
            return ""

    def tell(self, type: str, action: str, id: str, attributes: Mapping[str, str] = EMPTY) -> None:
        """Something happened just now."""
        event = Event(type, action, id, attributes, time.time_ns())
        for listen in self.listeners:
            listen(event)

    # -- changes ----------------------------------------------------------------------------------------------------------

    async def begin(self) -> None:
        """Take up what the store remembers, and make it so: of a new store, a way out and nothing else."""
        async with self.lock:
            remembered = await self._blocking(self.store.load)
            await self._blocking(self.rooms.look)
            self._looked = True
            self.host.follow(self._follow_host)
            around = await self.surroundings()
            state = remembered if remembered.networks else fresh(around, ids=[new_id() for _ in PREDEFINED], now=time.time_ns())
            state = with_way_out(state, around) if self.host.way_out else replace(state, uplinks=NOTHING)
            local = self.host.local
            self.state, planned = await possible(state, self._planned, self._claim, say)
            self.store.save(remembered, self.state)
            await self._reconcile(*planned)
            if self.host.local != local:  # which of the host's interfaces is the way out, was not known
                await self._blocking(self._rewire, self._planner.made(self.plan, self.host.local)[1], {})

    async def change_with(self, make: Callable[[Collection[tuple[str, int]]], State]) -> State:
        """``change_to`` what ``make`` returns; again, while ports that it chose freely turn out taken on the host."""
        taken: set[tuple[str, int]] = set()
        while True:
            new = make(frozenset(taken))
            try:
                await self.change_to(new)
            except PortTakenError as refused:
                if not refused.chosen or len(taken) >= ATTEMPTS:
                    raise
                taken.add(refused.port)
            else:
                return self.state

    async def change_to(self, new: State) -> None:
        """Remember ``new`` and make it so. UserError: it could not be, and all is as before. The caller holds the lock."""
        assert self.lock.locked()
        if self._ended:
            raise EndedError
        change = asyncio.create_task(self._change_to(new), name="change")
        try:
            await asyncio.shield(change)
        except asyncio.CancelledError:
            # Whoever asked has gone. Half a change is none: it is carried through under their lock.
            while not change.done():
                with suppress(asyncio.CancelledError):
                    await asyncio.wait({change})
            change.exception()  # nobody is left to be told
            raise

    async def _change_to(self, new: State) -> None:
        old = self.state
        if new is old:
            return
        if asleep(old, new):
            self.store.save(old, new)
            self.state = new
            await self._tell_followers(old, new)
            return
        try:
            planned = await self._planned(new)  # what cannot be is refused before anything is touched
            self._claim(planned, new)
            self.store.save(old, new)
            try:
                await self._reconcile(*planned)
            except BaseException:
                with self.store.owing():  # a disk that is full by now keeps nothing from being taken back
                    self.store.save(new, old)
                await self._restore()
                raise
            self.state = new
            await self._tell_followers(old, new)
        except BaseException:
            self.host.give_back()
            raise

    async def _tell_followers(self, old: State, new: State) -> None:
        for follow in self.followers:
            await follow(old, new)

    async def _planned(self, new: State) -> _Planned:
        """All that follows. Refused: it cannot be."""
        try:
            plan = await self.host.placed(self._planner.plan(new))
            return plan, *self._planner.made(plan, self.host.local)
        except Refused:
            raise
        except UserError as error:
            raise Refused(400, error.what, mend=error.mend) from None

    def _claim(self, planned: _Planned, new: State) -> None:
        self.host.claim(planned[0], new)

    async def _reconcile(self, plan: Plan, sandboxes: Sandboxes, wiring: Wiring) -> None:
        """From what there is to what is wanted. The plan is what runs once this has returned."""
        attached = self.wiring.nodes.keys() if self._torn else None
        steps = diff(self.rooms.found, sandboxes, attached)
        self._torn = True
        await self._blocking(self._carry_out, plan, wiring, steps, self.host.leaving(plan))
        await self.host.settle(plan)
        self.plan, self._torn = plan, False
        self.rooms.found = sandboxes  # as they are; and the very objects, which the next change need not look into

    def _carry_out(self, plan: Plan, wiring: Wiring, steps: Sequence[Step], other_ways: set[str]) -> None:
        gone = {port for port in ports_parted(steps, self.rooms.found) | other_ways if port in self.wiring.nodes}
        if gone:
            self._rewire(without(self.wiring, gone), {})
        self.host.drop(other_ways)
        given: dict[str, int | tuple[int, ...]] = {}
        try:
            given |= self.rooms.carry_out(steps)
            given |= self.host.make(plan)
            taking, given = given, {}
            self._rewire(wiring, taking)
        except BaseException:
            self.host.close_all(given)
            raise
        self.host.set_routes(plan)

    async def _restore(self) -> None:
        """After a change that failed: what the old state wants, as far as it can be had."""
        try:
            self.wiring = await self.engine.call(lambda dataplane: dataplane.wiring)
            self.host.give_back()
            await self._reconcile(*await self._planned(self.state))
        except Exception:  # the first error is the one to tell; the next change tries again
            traceback.print_exc()

    def _rewire(self, wanted: Wiring, taps: Mapping[str, int | tuple[int, ...]]) -> None:
        """Blocking."""
        actions = wiring_diff(self.wiring, wanted)
        if actions or taps:
            self.engine.apply(actions, taps)
        self.wiring = wanted

    async def _follow_host(self) -> None:
        """The host's addresses have changed."""
        async with self.lock:
            if await self.host.look_again(self.plan):
                await self._blocking(self._rewire, self._planner.made(self.plan, self.host.local)[1], {})

    def link_changed(self, port: str, what: str) -> None:
        """The engine says so of a port: link up, link down, port gone."""
        if what == "port gone" and port in self.wiring.nodes:
            say(f"the interface of port {port} is gone: somebody deleted it")

    # -- the end ----------------------------------------------------------------------------------------------------------

    @property
    def idle(self) -> bool:
        """Nothing runs that a next daemon would take up. Of a daemon that could not begin nobody knows."""
        return self._looked and not self.rooms.found

    async def close(self) -> None:
        """Stop carrying packets. Where anything runs all stays for the next daemon, the host's rules and routes as well, or it
        would reset connections that it does not know; else the host is as it was."""
        async with self.lock:
            self._ended = True
            await self.engine.stop()
            await (self.host.close() if self.idle else self.host.let_go())
            self.rooms.close()
            self.store.close()
            self._thread.shutdown(wait=False)

    def record(self, container: str) -> ContainerRecord:
        """The record of that id. Refused 404: there is none any more."""
        found = self.state.containers.get(container)
        if found is None:
            raise Refused(404, f"No such container: {container}")
        return found
