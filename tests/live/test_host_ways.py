"""The host's half of published ports and of the way out, with another namespace in the engine's place: real curl, real kernel.

What the engine adds is in test_live_uplink.py. Here a server stands at the engine's own address and tells who asked.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable
from ipaddress import ip_address

import pytest
import servers
from hosts import HOST4, HOST6, OUTSIDE4, OUTSIDE6, assert_same, outside, sh, state
from private_world import needs_root, run_in_private_world
from servers import serving
from test_hostnet import Tried, plan_of

from dataplane.live import wayout
from dataplane.model import Published
from dataplane.netns.step import Step
from dataplane.proc.clean import clean
from dataplane.proc.registry import hold

pytestmark = [pytest.mark.live, needs_root]

ENGINE, ENGINE6 = "172.31.255.2", "fd00:ff:255::2"


def published(first: int, *, last: int = 0, versions: tuple[int, ...] = (4, 6), protocol: str = "tcp", at: str = "") -> Published:
    return Published(
        protocol=protocol,
        first=first,
        last=last or first,
        instance="web",
        endpoint="web.front",
        target=80,
        host_ip=ip_address(at) if at else None,
        ipv4=ip_address("10.255.0.2") if 4 in versions else None,  # type: ignore[arg-type]
        ipv6=ip_address("fd00:255::2") if 6 in versions else None,  # type: ignore[arg-type]
        transfer=first,
    )


PORTS = (
    published(8080),
    published(8081, versions=(4,)),
    published(8082, at="127.0.0.1", versions=(4,)),
    published(8083, at=HOST4, versions=(4,)),
    published(9000, last=9999),
)


def stand_in(_helper: object, _namespace: object, uplink: object, _facts: object, _tell: object, *, stays: bool) -> int:
    """A cable to another namespace instead of the TAP, with the host's addresses as ``make_tap`` gives them."""
    name = uplink.name  # type: ignore[attr-defined]
    sh(f"ip link add {name} type veth peer name eth0 netns engine")
    sh(f"sysctl -w net.ipv6.conf.{name}.accept_dad=0 net.ipv6.conf.{name}.accept_ra=0")
    sh(f"ip address add 172.31.255.1/30 dev {name}; ip address add fd00:ff:255::1/126 dev {name} nodad; ip link set {name} up")
    sh(f"ip -n engine address add {ENGINE}/30 dev eth0; ip -n engine address add {ENGINE6}/126 dev eth0 nodad")
    sh("ip -n engine link set eth0 up; ip -n engine link set lo up")
    sh("ip -n engine route add default via 172.31.255.1; ip -n engine route add default via fd00:ff:255::1")
    return os.open("/dev/null", os.O_RDONLY)


async def curl(url: str, namespace: str = "") -> str:
    """On another thread: this one relays."""
    return await asyncio.to_thread(servers.curl, url, namespace)


def in_world(live: Callable[[], Awaitable[None]], *, change: bool = True, ports: tuple[Published, ...] = PORTS) -> None:
    def inside() -> None:
        with outside(), hold("one") as folder:
            sh("ip netns add engine")
            before = state()

            async def begin() -> None:
                lab, plan = Tried("one", folder, change=change), plan_of("one", ports=ports)
                await lab.look(plan)
                lab.host.claim(plan)
                await lab.up(plan)
                with serving("engine", 8080, 8081, 8082, 8083, 9500):
                    await live()
                await lab.down()
                sh("ip link delete dp-one")

            asyncio.run(begin())
            assert_same(before, state())
            sh("ip netns delete engine")
        clean("one")

    before, wayout.make_tap = wayout.make_tap, stand_in
    try:
        run_in_private_world(inside)
    finally:
        wayout.make_tap = before


def test_from_outside_the_clients_address_is_kept() -> None:
    async def live() -> None:
        assert await curl(f"http://{HOST4}:8080/", "outside") == OUTSIDE4
        assert await curl(f"http://[{HOST6}]:8080/", "outside") == OUTSIDE6
        assert await curl(f"http://{HOST4}:9500/", "outside") == OUTSIDE4
        assert await curl(f"http://{HOST4}:8083/", "outside") == OUTSIDE4

    in_world(live)


def test_the_host_itself_by_each_of_its_addresses() -> None:
    async def live() -> None:
        assert await curl("http://127.0.0.1:8080/") == "172.31.255.1"
        assert await curl(f"http://{HOST4}:8080/") == HOST4
        assert await curl(f"http://[{HOST6}]:8080/") == HOST6
        assert await curl("http://127.0.0.1:8082/") == "172.31.255.1"

    in_world(live)


def test_the_relay_serves_ipv6_loopback_and_ipv6_where_the_container_has_none() -> None:
    async def live() -> None:
        assert await curl("http://[::1]:8080/") == "172.31.255.1"
        assert await curl("http://[::1]:8081/") == "172.31.255.1"
        assert await curl(f"http://[{HOST6}]:8081/", "outside") == "172.31.255.1"
        assert await curl("http://[::1]:9500/") == "172.31.255.1"

    in_world(live)


def test_a_port_of_one_address_is_none_of_another() -> None:
    async def live() -> None:
        assert await curl(f"http://{HOST4}:8082/", "outside") == ""
        assert await curl(f"http://{HOST4}:8082/") == ""
        assert await curl("http://127.0.0.1:8083/") == ""
        assert await curl("http://[::1]:8083/") == ""

    in_world(live)


def test_nobody_outside_gets_past_the_host() -> None:
    async def live() -> None:
        sh(f"ip -n outside route add 172.31.255.0/30 via {HOST4}")
        assert await curl(f"http://{ENGINE}:8082/", "outside") == ""
        assert await curl("http://127.0.0.1:8080/", "engine") == f"{'127.0.0.1'}"  # its own, not the host's

    in_world(live)


def test_what_leaves_is_masqueraded() -> None:
    async def live() -> None:
        with serving("outside", 8000):
            assert await curl(f"http://{OUTSIDE4}:8000/", "engine") == HOST4
            assert await curl(f"http://[{OUTSIDE6}]:8000/", "engine") == HOST6

    in_world(live)


def test_back_by_the_way_it_came() -> None:
    """From the engine to a published port by the host's address, should the engine not know that address yet."""

    async def live() -> None:
        assert await curl(f"http://{HOST4}:8080/", "engine") == "172.31.255.1"

    in_world(live)


def test_without_host_rules_the_relay_serves_them_all() -> None:
    async def live() -> None:
        for url in ("http://127.0.0.1:8080/", "http://[::1]:8080/", f"http://{HOST4}:8080/", f"http://[{HOST6}]:9500/"):
            assert await curl(url) == "172.31.255.1"
        assert await curl(f"http://{HOST4}:8080/", "outside") == "172.31.255.1"
        assert "dataplane" not in sh("nft list ruleset")

    in_world(live, change=False)


def test_an_established_connection_outlives_a_change_of_the_rules() -> None:
    steps: list[Step] = []

    def inside() -> None:
        with outside(), hold("one") as folder:
            sh("ip netns add engine")

            async def begin() -> None:
                lab = Tried("one", folder)
                await lab.up(plan_of("one", ports=PORTS))
                listen = (
                    "import socket; c=socket.create_server(('172.31.255.2',8080)).accept()[0]\nwhile d:=c.recv(9): c.sendall(d)"
                )
                server = subprocess.Popen(["ip", "netns", "exec", "engine", sys.executable, "-c", listen])
                while ":8080 " not in sh("ip netns exec engine ss -tln"):
                    assert server.poll() is None
                    await asyncio.sleep(0.02)
                words = ["ip", "netns", "exec", "outside", "socat", "-t1", "-", f"TCP:{HOST4}:8080"]
                client = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
                assert client.stdin is not None
                assert client.stdout is not None
                client.stdin.write(b"one\n")
                assert await asyncio.to_thread(client.stdout.readline) == b"one\n"
                await lab.host.settle(plan_of("one", ports=PORTS[1:]), steps.append, lab.warned.append)
                assert "8080" not in sh("nft list table inet dataplane-one")
                client.stdin.write(b"two\n")
                assert await asyncio.to_thread(client.stdout.readline) == b"two\n"
                client.stdin.close()
                client.wait(30)
                server.wait(30)
                await lab.down()
                sh("ip link delete dp-one")

            asyncio.run(begin())
            sh("ip netns delete engine")
        clean("one")

    before, wayout.make_tap = wayout.make_tap, stand_in
    try:
        run_in_private_world(inside)
    finally:
        wayout.make_tap = before
