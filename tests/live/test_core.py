"""A daemon's core: what is wanted becomes namespaces, interfaces, routes, host's rules and ports; hot, without harm to others."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import time
from collections.abc import Awaitable, Callable
from ipaddress import ip_interface
from pathlib import Path

import pytest
from cores import core_in, create, end, host, inside, network, reaches, run, start, wrong
from hosts import assert_same, state

from dataplane.daemon.core import Core
from dataplane.daemon.networks import Networks
from dataplane.desired.networks import operstate
from dataplane.desired.records import CREATED
from dataplane.desired.refused import Refused
from dataplane.desired.wishes import EndpointWish, NetworkWish, PoolWish
from dataplane.model import PortBinding
from dataplane.proc.server import privileged

pytestmark = pytest.mark.skipif(not privileged(), reason="namespaces with names, and rules on the host")


def running(test: Callable[[Core], Awaitable[None]]) -> Callable[[Path], None]:
    """A test on a core of its own, after which nothing is left."""

    def wrapped(tmp_path: Path) -> None:
        async def whole() -> None:
            before, rooms = state(), set(Path("/run/netns").glob("t-core-a-*"))  # of a run that was killed, perhaps
            async with core_in(tmp_path, "t-core-a") as core:
                await test(core)
            assert_same(before, state())
            assert set(Path("/run/netns").glob("t-core-a-*")) <= rooms
            assert not (tmp_path / "t-core-a").exists()

        asyncio.run(whole())

    wrapped.__name__, wrapped.__doc__ = test.__name__, test.__doc__
    return wrapped


@running
async def test_two_containers_of_the_default_bridge_reach_each_other_and_the_gateway(core: Core) -> None:
    """Tutorial: 172.17.0.2 on eth0, ping by address; DOCKER.md 1.4: lowest free address, gateway first."""
    web, db = await run(core, "web"), await run(core, "db")
    assert "inet 172.17.0.2/16" in await inside(core, web, "ip -4 address show eth0")
    assert "inet 172.17.0.3/16" in await inside(core, db, "ip -4 address show eth0")
    assert await reaches(core, web, "172.17.0.3")
    assert await reaches(core, web, "172.17.0.1")
    assert "default via 172.17.0.1 dev eth0" in await inside(core, web, "ip route")
    assert core.sandbox(web) == f"/run/netns/t-core-a-{web[:12]}"


@running
async def test_connect_and_disconnect_are_hot(core: Core) -> None:
    """A TCP stream on eth0 survives both on a second network; eth1 comes and goes; the host has the network's route meanwhile."""
    web, db = await run(core, "web"), await run(core, "db")
    made = await network(core, "my_network")
    networks = Networks(core)
    with (
        subprocess.Popen(
            ["nsenter", f"--net={core.sandbox(db)}", "python3", "-c", SERVE], stdout=subprocess.PIPE, text=True
        ) as server,
        subprocess.Popen(
            ["nsenter", f"--net={core.sandbox(web)}", "python3", "-c", ASK, "172.17.0.3"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as client,
    ):
        try:
            assert client.stdin is not None and client.stdout is not None

            def ask() -> str:
                assert client.stdin is not None and client.stdout is not None
                client.stdin.write("x\n")
                client.stdin.flush()
                return client.stdout.readline()

            assert await asyncio.to_thread(ask) == "x\n"
            assert operstate(core.state, made) == "DOWN"
            for one in ("web", "db"):
                await networks.connect("my_network", one, EndpointWish())
            assert operstate(core.state, made) == "UP"
            assert await asyncio.to_thread(ask) == "x\n"
            assert "inet 172.18.0.2/16" in await inside(core, web, "ip -4 address show eth1")
            assert await reaches(core, web, "172.18.0.3")
            assert "172.18.0.0/16 via" in await host("ip route")
            await networks.disconnect("my_network", "web")
            assert "does not exist" in await inside(core, web, "ip link show eth1 2>&1", check=False)
            assert await asyncio.to_thread(ask) == "x\n"
        finally:
            client.kill()
            server.kill()
    with pytest.raises(Refused, match="has active endpoints"):
        await networks.remove("my_network")
    await networks.disconnect("my_network", "db")
    await networks.remove("my_network")
    assert "172.18.0.0/16" not in await host("ip route")


@running
async def test_a_network_where_the_way_out_is_has_its_subnet(core: Core) -> None:
    """IPAM: an explicit subnet is created. The daemon's own transfer network gives way to it, while containers run."""
    web = await run(core, "web")
    before = ip_interface((await host("ip -br -4 address show dp-t-core-a")).split()[2])
    await network(core, "there", pools=(PoolWish(subnet=str(before.network)),))
    db = await run(core, "db", "there")
    after = ip_interface((await host("ip -br -4 address show dp-t-core-a")).split()[2])
    assert not after.network.overlaps(before.network)
    assert f"{before.network} via" in await host("ip route")
    for one in (web, db):
        assert await reaches(core, one, str(after.ip))
    assert await wrong(core) == []


SERVE = """
import socket
s = socket.create_server(("0.0.0.0", 5000))
c, _ = s.accept()
while data := c.recv(100):
    c.sendall(data)
"""
ASK = """
import socket, sys, time
for _ in range(100):
    try:
        s = socket.create_connection((sys.argv[1], 5000))
        break
    except OSError:
        time.sleep(0.05)
for line in sys.stdin:
    s.sendall(line.encode())
    print(s.recv(100).decode(), end="", flush=True)
"""


@running
async def test_the_default_route_follows_priority(core: Core) -> None:
    """DOCKER.md 1.4: gw-priority, then the name; re-evaluated at each connect and disconnect of a container that runs."""
    await network(core, "mm")
    await network(core, "aa")
    web = await run(core, "web", "mm")
    networks = Networks(core)

    async def by() -> str:
        return (await inside(core, web, "ip -4 route show default")).split(" dev ")[1].split()[0]

    assert await by() == "eth0"
    await networks.connect("aa", "web", EndpointWish())
    assert await by() == "eth1", "aa stole the default route from mm"
    await networks.connect("bridge", "web", EndpointWish(gw_priority=1))
    assert await by() == "eth2"
    await networks.disconnect("bridge", "web")
    assert await by() == "eth1"
    await networks.disconnect("aa", "web")
    assert await by() == "eth0"


@running
async def test_a_published_port_is_reached_from_the_host(core: Core) -> None:
    """-p by 127.0.0.1; freed when the container ends; taken by the host: Docker's text, and the container stays what it was."""
    web = await run(core, "web", ports=(PortBinding(target=80, target_last=80, first=18080, last=18080),))
    with subprocess.Popen(["nsenter", f"--net={core.sandbox(web)}", "python3", "-c", SERVE.replace("5000", "80")]) as server:
        try:
            assert await asyncio.to_thread(echoed, "127.0.0.1", 18080) == b"hello"
        finally:
            server.kill()
    await end(core, web)
    with socket.create_server(("0.0.0.0", 18080)):
        with pytest.raises(Refused) as refused:
            await start(core, web)
        assert "driver failed programming external connectivity on endpoint web (" in refused.value.what
        assert "failed to bind host port 0.0.0.0:18080/tcp: address already in use" in refused.value.what
        assert core.state.containers[web].fate.state != "running"
        assert core.sandbox(web) == "", "a failed start leaves no namespace"
    await start(core, web)


def echoed(address: str, port: int) -> bytes:
    for _ in range(100):
        try:
            with socket.create_connection((address, port), timeout=2) as connection:
                connection.sendall(b"hello")
                if data := connection.recv(100):
                    return data
        except OSError:
            time.sleep(0.05)
    return b""


@running
async def test_a_port_that_nobody_chose_is_another_where_the_host_has_it(core: Core) -> None:
    """DOCKER.md 1.7: ephemeral from 32768; what a host process has is left out."""
    with socket.create_server(("0.0.0.0", 32768)):
        web = await run(core, "web", ports=(PortBinding(target=80, target_last=80),))
        assert [row.first for row in core.state.published[web]] == [32769]


@running
async def test_host_none_and_another_containers_namespace(core: Core) -> None:
    """DOCKER.md 1.1: host's interfaces, only lo, X's namespace."""
    web = await run(core, "web")
    on_host, alone, beside = (
        await run(core, "on-host", mode="host"),
        await run(core, "alone", mode="none"),
        await run(core, "beside", mode="container:web"),
    )
    assert core.namespace(on_host).inode == Path("/proc/self/ns/net").stat().st_ino
    assert "eth0" not in await inside(core, alone, "ip link")
    assert "LOOPBACK,UP" in await inside(core, alone, "ip link show lo")
    assert core.sandbox(beside) == core.sandbox(web)
    await end(core, web)
    with pytest.raises(Refused, match="is not running"):
        core.namespace(beside)


@running
async def test_a_change_that_fails_leaves_all_as_before(core: Core) -> None:
    """Neither state, store, namespace nor engine keep half of it; the next change works."""
    web, other = await run(core, "web"), await create(core, "other")
    real = core.engine.apply

    def broken(*_args: object) -> None:
        raise OSError("no")

    before, wiring = core.state, core.wiring
    core.engine.apply = broken  # type: ignore[method-assign, assignment]
    with pytest.raises(OSError, match="no"):
        await start(core, other)
    core.engine.apply = real  # type: ignore[method-assign]
    assert core.state is before
    assert core.store.load() == before
    assert core.state.containers[other].fate.state == CREATED
    await start(core, other)
    assert set(core.wiring.nodes) > set(wiring.nodes)
    assert await reaches(core, web, "172.17.0.3")


@running
async def test_a_change_is_handed_over_once(core: Core) -> None:
    """To the thread of changes; a network's making once more, to look at the host. Each further hand-over is slow where the machine
    was idle."""
    loop, handed = asyncio.get_running_loop(), list[str]()
    real = loop.run_in_executor

    def counted(executor: object, work: Callable[..., object], *args: object) -> object:
        handed.append(work.__name__)
        return real(executor, work, *args)  # type: ignore[arg-type]

    web = await run(core, "web")
    loop.run_in_executor = counted  # type: ignore[method-assign, assignment]
    await Networks(core).create(NetworkWish(name="other"))
    assert handed == ["look", "_carry_out"]
    handed.clear()
    await Networks(core).connect("other", "web", EndpointWish())
    await Networks(core).disconnect("other", "web")
    await Networks(core).remove("other")
    assert handed == ["_carry_out"] * 3
    handed.clear()
    await end(core, web)
    assert handed == ["_carry_out"]
    del loop.run_in_executor


@running
async def test_a_change_whose_asker_goes_is_carried_through(core: Core) -> None:
    """A client that hangs up in the middle, twice: the change is whole when the lock is free again, and so is the next one."""
    web, db = await create(core, "web"), await create(core, "db")
    asking = asyncio.create_task(start(core, web))
    await asyncio.sleep(0)
    while "change" not in {task.get_name() for task in asyncio.all_tasks()}:
        await asyncio.sleep(0)
    for _ in range(2):
        asking.cancel()
        await asyncio.sleep(0)
    with pytest.raises(asyncio.CancelledError):
        await asking
    async with core.lock:
        assert core.state.containers[web].alive
        assert core.sandbox(web)
    await start(core, db)
    assert await reaches(core, db, "172.17.0.2")


@running
async def test_ipv6_is_there_where_the_network_has_it(core: Core) -> None:
    """A ULA pool; an interface without IPv6 has none, not even of its link."""
    await network(core, "six", enable_ipv6=True)
    web, db = await run(core, "web", "six"), await run(core, "db", "six")
    await Networks(core).connect("bridge", "web", EndpointWish())
    address = core.state.endpoints[db, core.state.containers[db].network_mode].endpoint.ipv6
    assert await reaches(core, web, str(address))
    assert "inet6" in await inside(core, web, "ip address show eth0")
    assert "inet6" not in await inside(core, web, "ip address show eth1")
    assert "default via fd" in await inside(core, web, "ip -6 route")
