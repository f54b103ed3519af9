"""A daemon's core for tests: of a folder of the test's own, without processes; and what can be seen in its namespaces."""

from __future__ import annotations

import asyncio
import re
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import MappingProxyType

from dataplane.daemon.core import Core, new_id
from dataplane.daemon.networks import Networks
from dataplane.daemon.opening import opened
from dataplane.desired import containers, fates, references
from dataplane.desired.planning import plan_of
from dataplane.desired.records import EXITED, ContainerRecord, Fate, State
from dataplane.desired.wishes import ContainerWish, EndpointWish, NetworkWish
from dataplane.model import PortBinding
from dataplane.proc.clean import clear
from dataplane.store.sqlite import SqliteStore


@asynccontextmanager
async def core_in(folder: Path, name: str, *, leave: bool = False) -> AsyncIterator[Core]:
    """A core with its state under ``folder``. ``leave``: as a daemon that is stopped, so that another can take up what it left."""
    try:
        store, kept = SqliteStore(folder / "state" / "desired.db"), folder / "state" / "containers"
        async with opened(name, folder / name, store, kept=kept) as core:
            try:
                yield core
            finally:
                if not leave:
                    await forget_everything(core)
    finally:
        if not leave:
            await asyncio.to_thread(clear, folder / name)


async def forget_everything(core: Core) -> None:
    """Every container, and every network but the three."""
    async with core.lock:
        kept = MappingProxyType({key: one for key, one in core.state.networks.items() if one.predefined})
        await core.change_to(State(networks=kept, uplinks=core.state.uplinks))


async def create(core: Core, name: str, *networks: str, ports: tuple[PortBinding, ...] = (), mode: str = "") -> str:
    """A container that does not run; on networks by name, the first one first. Its id."""
    wish = ContainerWish(
        record=ContainerRecord(id="", name="", created=0, ports=ports),
        name=name,
        network_mode=mode or (networks[0] if networks else ""),
        networks={network: EndpointWish() for network in networks},
    )
    async with core.lock:
        state, record, _warnings = containers.create(core.state, wish, id=new_id(), now=time.time_ns())
        await core.change_to(state)
    return record.id


async def start(core: Core, container: str) -> None:
    """Its namespace and interfaces; no process."""
    async with core.lock:
        await core.change_with(lambda taken: fates.started(core.state, container, now=time.time_ns(), taken=taken))


async def end(core: Core, container: str) -> None:
    """As when its process has ended."""
    async with core.lock:
        await core.change_to(fates.ended(core.state, container, Fate(state=EXITED)))


async def run(core: Core, name: str, *networks: str, ports: tuple[PortBinding, ...] = (), mode: str = "") -> str:
    """``create`` and ``start``."""
    made = await create(core, name, *networks, ports=ports, mode=mode)
    await start(core, made)
    return made


async def network(core: Core, name: str, **more: object) -> str:
    """A network's id."""
    return (await Networks(core).create(NetworkWish(name=name, **more)))[0]  # type: ignore[arg-type]


async def inside(core: Core, container: str, command: str, *, check: bool = True) -> str:
    """What a shell command says in a container's namespace."""
    return await at(core.sandbox(container), command, check=check)


async def at(namespace: str, command: str, *, check: bool = True) -> str:
    """The same in the namespace of that path."""
    words = ["nsenter", f"--net={namespace}", "sh", "-c", command]
    done = await asyncio.to_thread(subprocess.run, words, capture_output=True, text=True, timeout=30)
    assert not check or done.returncode == 0, f"{command}: {done.returncode}: {done.stdout}{done.stderr}"
    return done.stdout


async def host(command: str, *, check: bool = True) -> str:
    """The same on the test's host."""
    done = await asyncio.to_thread(subprocess.run, command, shell=True, capture_output=True, text=True, timeout=30)
    assert not check or done.returncode == 0, f"{command}: {done.returncode}: {done.stdout}{done.stderr}"
    return done.stdout


async def reaches(core: Core, container: str, address: str) -> bool:
    """It gets an answer to a ping."""
    return bool(await inside(core, container, f"ping -c 1 -W 10 {address} > /dev/null 2>&1 && echo yes || true"))


def core_id(core: Core, name: str) -> str:
    """The id of the container of that name."""
    return references.container(core.state, name).id


async def wrong(core: Core) -> list[str]:
    """What is not as the state says: in the helper's namespaces, in the engine, and on the way between two containers."""
    plan = plan_of(core.state, core.name)
    found: list[str] = []
    names = {path.name.removeprefix(f"{core.name}-") for path in Path("/run/netns").glob(f"{core.name}-*")}
    wanted = {name for name, one in plan.instances.items() if one.service.network_mode in {"", "none"}}
    if names != wanted:
        found.append(f"namespaces: {sorted(names)}, wanted {sorted(wanted)}")
    ports = {node.name for node in core.wiring.nodes.values() if node.kind == "port"} - set(plan.uplinks)
    running = await core.engine.call(lambda dataplane: set(dataplane.wiring.nodes))
    if ports != {one.port for one in plan.endpoints()} or running != set(core.wiring.nodes):
        found.append(f"ports: {sorted(ports)}")
    for instance in plan.instances.values():
        path = f"/run/netns/{core.name}-{instance.name}"
        text = await at(path, "ip -o -4 address; ip -4 route show default")
        has = set(re.findall(r"(eth\d+) +inet (\S+)/", text))
        want = {(one.interface, str(one.ipv4)) for one in instance.endpoints}
        if has != want:
            found.append(f"{instance.name}: {sorted(has)}, wanted {sorted(want)}")
        ways = re.findall(r"default via (\S+) dev (\S+)", text)
        if ways != [(str(route.gateway), route.interface) for route in instance.routes]:
            found.append(f"{instance.name}: default routes {ways}, wanted {instance.routes}")
        for other in plan.endpoints():
            if other.network in {one.network for one in instance.endpoints}:
                ping = f"ping -c 1 -W 5 {other.ipv4} > /dev/null 2>&1 && echo yes || true"
                if not (await at(path, ping)).strip():
                    found.append(f"{instance.name} does not reach {other.port}")
    return found
