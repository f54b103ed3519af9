"""A running lab: its Plan, and the namespaces, engine and processes that make it true. Lives on an event loop.

``change_to`` is the only way its shape changes: from nothing to the first Plan, and from one Plan to the next.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from dataplane.drivers import wire
from dataplane.drivers.gateway import with_host_addresses
from dataplane.errors import UserError
from dataplane.live.difference import Difference, difference
from dataplane.live.engine import EngineThread
from dataplane.live.events import Events
from dataplane.live.files import Files
from dataplane.live.folder import start_folder
from dataplane.live.host import Host
from dataplane.live.hostwatch import HostWatch
from dataplane.live.lookup import write_record
from dataplane.live.order import stop_levels
from dataplane.live.rows import StepRow
from dataplane.live.sandbox import Sandbox, make_sandbox, remove_sandbox
from dataplane.live.supervisor import FAILED, Supervisor
from dataplane.live.underlay import close_all
from dataplane.model import Instance, Plan, Topology
from dataplane.mounts import together
from dataplane.netns.step import Step
from dataplane.proc.helper import Helper
from dataplane.proc.instance import Instance as Process
from dataplane.proc.spec import InstanceSpec
from dataplane.sandbox import sandbox_of
from dataplane.wiring import Wiring, without

Tell = Callable[[StepRow], None]


class Lab:
    """One lab. ``tell`` functions are called from any thread."""

    def __init__(self, name: str, folder: Path, helper: Helper, engine: EngineThread, host: Host) -> None:
        self.name, self.folder, self.helper, self.engine, self.host = name, folder, helper, engine, host
        self.started = time.time_ns()
        self.source = ""
        self.events = Events()
        self.plan: Plan | None = None
        self.wiring = Wiring()
        self.sandboxes: dict[str, Sandbox] = {}
        self.supervisors: dict[str, Supervisor] = {}
        self.files = Files(folder)
        self.stopped = False
        self._changing = asyncio.Lock()
        self._watch = HostWatch(self._follow_host)
        self._shut = ""  # why there is no way out, as it was told

    # -- what a Supervisor needs ------------------------------------------------------------------------------------------

    def spawn(self, instance: Instance) -> Process:
        """Start an instance's process in its namespaces."""
        plan = self._planned()
        home = plan.instances[sandbox_of(plan, instance.name)]
        service, process, namespace = instance.service, instance.service.process, self.sandboxes[home.name].namespace
        in_host = home.service.network_mode == "host"
        mounts = together(service.mounts, service.shm_size, service.devices)
        spec = InstanceSpec(
            name=instance.name,
            namespace=namespace,
            argv=process.command if process.run else (),
            env=process.environment,
            working_dir=process.working_dir or start_folder(plan.topology.folder, mounts),
            user=process.user,
            hostname=service.hostname or (None if in_host else instance.name),
            stop_signal=process.stop_signal,
            tty=process.tty,
            stdin_open=process.stdin_open,
            sysctls=service.sysctls if home is instance else {},
            binds=self.files.binds(instance, in_host=in_host),
            mounts=mounts,
            ulimits=service.ulimits,
        )
        return self.helper.spawn(spec)

    def instances_of(self, service: str) -> list[Supervisor]:
        """All instances of a service."""
        return [one for one in self.supervisors.values() if one.instance.service.name == service]

    def tell(self, what: str, who: str, detail: str = "") -> None:
        """An event."""
        self.events.add(what, who, detail)

    async def settled(self) -> None:
        """Wait until every service has been started, or never will be."""
        while True:
            news = self.events.news
            if all(one.settled for one in self.supervisors.values()):
                return
            await news.wait()

    def failure(self) -> UserError | None:
        """Why the first service that could not be started was not."""
        for one in self.supervisors.values():
            if one.state == FAILED:
                mend = one.mend or "see its command and what it depends on"
                mend = f"{mend}; the others run: dataplane ps --lab {self.name}"
                return UserError(f"{one.name} did not start: {one.why}", where=self._place(one), mend=mend, status=1)
        return None

    def _place(self, one: Supervisor) -> str:
        """Where the file has its service."""
        return f"{self._planned().topology.source}: services.{one.instance.service.name}"

    def news(self) -> asyncio.Event:
        """Set by the next event."""
        return self.events.news

    def _planned(self) -> Plan:
        if self.plan is None:
            raise UserError(f"lab {self.name} is not up yet", mend="wait until it is", status=1)
        return self.plan

    # -- changes ----------------------------------------------------------------------------------------------------------

    async def change_to(self, topology: Topology, tell: Tell) -> Difference:
        """Make the lab what ``topology`` says, touching only what differs. UserError: what could not be made is left out."""
        async with self._changing:
            return await self._change_to(topology, tell)

    async def _change_to(self, topology: Topology, tell: Tell) -> Difference:
        try:
            plan = await self.host.plan(topology, self.plan)
            return await self._carry_out(plan, topology, tell)
        except BaseException:
            self.host.give_back()
            raise

    async def _carry_out(self, plan: Plan, topology: Topology, tell: Tell) -> Difference:
        wire(plan)  # what cannot be is refused before anything is touched
        old = self.plan or Plan(name=plan.name, topology=topology, networks={}, instances={})
        change = difference(old, plan)
        again = self.plan is not None
        for kind, names in (("-", change.removed), ("~", change.replaced), ("~", change.restarted), ("+", change.added)):
            for name in names if again else ():
                more = " (new namespace)" if name in change.replaced else " (restarts)" if name in change.restarted else ""
                tell({"kind": "change", "what": f"{kind} service {name}{more}", "by_hand": ""})

        await self._stop({*change.removed, *change.replaced, *change.restarted})
        gone = {*change.removed, *change.replaced}
        kept = replace(old, instances=MappingProxyType({name: one for name, one in old.instances.items() if name not in gone}))
        ports = {endpoint.port for name in gone for endpoint in old.instances[name].endpoints}
        drop_ways = self.host.replaced(plan)
        drop_below = self.host.underlays.replaced(plan)
        remaining = without(self.wiring, ports | drop_ways | drop_below)
        await self._rewire(remaining, {}, tell if again else None)
        self._watch.stop(drop_ways)
        await asyncio.to_thread(self.host.drop, drop_ways)
        await asyncio.to_thread(self.host.underlays.drop, drop_below)
        await asyncio.to_thread(self._remove, [old.instances[name] for name in gone], _stepping(tell))
        self.plan = kept if again else None

        homes = [plan.instances[name] for name in (*change.added, *change.replaced) if sandbox_of(plan, name) == name]
        ways = await asyncio.to_thread(self.host.make, plan, _stepping(tell, "host"), _stepping(tell))
        new_ways = set(ways)
        made: dict[str, Sandbox] = {}
        below: dict[str, int | tuple[int, ...]] = {}
        new_below: set[str] = set()
        try:
            below = await asyncio.to_thread(self.host.underlays.make, plan, _stepping(tell, "host"), _stepping(tell))
            new_below = set(below)
            made = await asyncio.to_thread(self._make, plan, homes, _stepping(tell))
            await asyncio.to_thread(self.files.write, plan)
            write_record(self.folder, topology.source, list(topology.services), self.started)
            given = {**ways, **below, **_given(made.values())}
            ways, below = {}, {}
            await self._rewire(self._wired(plan), given, tell if again else None)
        except BaseException:
            close_all(ways)
            close_all(below)
            await self._rewire(remaining, {}, None)
            await asyncio.to_thread(self.host.underlays.drop, new_below)
            for name, one in made.items():
                remove_sandbox(self.helper, one, plan.instances[name].endpoints, _stepping(tell))
            await asyncio.to_thread(self.host.drop, new_ways)
            raise
        self.sandboxes |= made
        self.plan, self.source = plan, topology.source
        await self._settle_host(plan, tell)
        self._supervise(change)
        return change

    def _wired(self, plan: Plan) -> Wiring:
        """The plan's wiring, and the host's addresses."""
        return with_host_addresses(wire(plan), {port: way.local for port, way in self.host.ways.items()})

    async def _settle_host(self, plan: Plan, tell: Tell) -> None:
        def warn(sentence: str) -> None:
            tell({"kind": "warning", "what": sentence, "by_hand": ""})

        await self.host.settle(plan, _stepping(tell, "host"), warn)
        await asyncio.to_thread(self.host.underlays.settle, plan, _stepping(tell, "host"), warn)
        why = self.host.no_way_out(plan)
        if why and why != self._shut:
            tell({"kind": "host", "what": why, "by_hand": ""})
        self._shut = why
        self._watch.start({port: way.watch for port, way in self.host.ways.items()})

    async def _follow_host(self) -> None:
        async with self._changing:
            if self.plan is None or self.stopped or not await self.host.look_again(self.plan, lambda _step: None):
                return
            await self._rewire(self._wired(self.plan), {}, None)
            addresses = dict.fromkeys(address for way in self.host.ways.values() for address in way.local)
            self.tell("addresses", self.name, " ".join(addresses))

    def _supervise(self, change: Difference) -> None:
        plan = self._planned()
        for name in (*change.removed,):
            self.supervisors.pop(name, None)
            self.files.forget(name)
        for name in change.updated:
            self.supervisors[name].instance = plan.instances[name]
        fresh = {name: Supervisor(plan.instances[name], self) for name in (*change.added, *change.replaced, *change.restarted)}
        known = self.supervisors | fresh
        self.supervisors = {name: known[name] for name in plan.instances}
        for one in fresh.values():
            one.start()

    async def _rewire(self, wanted: Wiring, taps: Mapping[str, int | tuple[int, ...]], tell: Tell | None) -> None:
        actions = await self.engine.change_to(wanted, taps)
        self.wiring = wanted
        for action in actions if tell is not None else ():
            assert tell is not None
            tell({"kind": "change", "what": str(action), "by_hand": ""})

    def _make(self, plan: Plan, instances: Iterable[Instance], tell: Callable[[Step], None]) -> dict[str, Sandbox]:
        made: dict[str, Sandbox] = {}
        try:
            for instance in instances:
                made[instance.name] = make_sandbox(self.helper, plan, instance, tell)
        except BaseException:
            for name, sandbox in made.items():
                remove_sandbox(self.helper, sandbox, plan.instances[name].endpoints, tell)
            raise
        return made

    def _remove(self, instances: Iterable[Instance], tell: Callable[[Step], None]) -> None:
        for instance in instances:
            sandbox = self.sandboxes.pop(instance.name, None)
            if sandbox is not None:
                remove_sandbox(self.helper, sandbox, instance.endpoints, tell)

    # -- the end ----------------------------------------------------------------------------------------------------------

    async def _stop(self, names: set[str], grace: float | None = None) -> None:
        """Stop supervisors, those that depend on others first."""
        stopping = {name: one for name, one in self.supervisors.items() if name in names}
        for level in stop_levels({name: one.instance.service for name, one in stopping.items()}):
            await asyncio.gather(*(stopping[name].stop(grace) for name in level))

    async def stop(self, tell: Tell, grace: float | None = None) -> None:
        """End every process and let go of every namespace. ``grace``: seconds instead of each service's own."""
        async with self._changing:
            for name in self.supervisors:
                tell({"kind": "step", "what": f"stop {name}", "by_hand": ""})
            await self._stop(set(self.supervisors), grace)
            self.stopped = True
            self._watch.stop()
            await self.engine.stop()
            if self.plan is not None:
                await asyncio.to_thread(self._remove, list(self.plan.instances.values()), _stepping(tell))
            await self.host.close(_stepping(tell))
            await asyncio.to_thread(self.host.underlays.close, _stepping(tell))


def _stepping(tell: Tell, kind: str = "step") -> Callable[[Step], None]:
    return lambda step: tell({"kind": kind, "what": step.what, "by_hand": step.by_hand})


def _given(sandboxes: Iterable[Sandbox]) -> dict[str, int]:
    """The descriptors of all their TAPs, which are theirs no longer."""
    taps: dict[str, int] = {}
    for one in sandboxes:
        taps |= one.taps
        one.taps.clear()
    return taps
