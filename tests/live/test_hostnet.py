"""What a lab changes on the host: made, told, shared by two labs, and gone afterwards whatever was killed."""

from __future__ import annotations

import asyncio
import json
import os
import socket
from collections.abc import Awaitable, Callable
from ipaddress import IPv4Interface, IPv6Interface, ip_address
from pathlib import Path

import pytest
from hosts import HOST4, HOST6, assert_same, outside, sh, state
from private_world import needs_root, run_in_private_world

from dataplane.hostnet import place, record, shared
from dataplane.hostnet.undo import undo
from dataplane.live.host import Host
from dataplane.model import Network, Plan, Pool, Published, Topology
from dataplane.netns.step import Step
from dataplane.proc.clean import clean, clear
from dataplane.proc.helper import Helper
from dataplane.proc.registry import hold, lab_folder
from dataplane.uplink import UPLINK, Uplink

pytestmark = [pytest.mark.live, needs_root]

Steps = list[Step]


def plan_of(name: str, number: int = 255, ports: tuple[Published, ...] = ()) -> Plan:
    """A lab with one network and an uplink of both families."""
    network = Network(
        key="front",
        name="front",
        pools=tuple(
            Pool(
                subnet=IPv4Interface(text).network if ":" not in text else IPv6Interface(text).network, gateway=ip_address(gateway)
            )
            for text, gateway in ((f"10.{number}.0.0/24", f"10.{number}.0.1"), (f"fd00:{number}::/64", f"fd00:{number}::1"))
        ),
    )
    uplink = Uplink(
        name=f"dp-{name}",
        ipv4=IPv4Interface(f"172.31.{number}.2/30"),
        gateway4=ip_address(f"172.31.{number}.1"),  # type: ignore[arg-type]
        ipv6=IPv6Interface(f"fd00:ff:{number}::2/126"),
        gateway6=ip_address(f"fd00:ff:{number}::1"),  # type: ignore[arg-type]
        mac="02:42:ac:1f:ff:02",
        gateway_mac="02:42:ac:1f:ff:01",
    )
    topology = Topology(name=name, folder="/", source="test", networks={}, services={})
    networks, uplinks = {"front": network}, {"uplink": uplink}
    return Plan(name=name, topology=topology, networks=networks, instances={}, uplinks=uplinks, published=ports)


class Tried:
    """A lab's part on the host, without the lab."""

    def __init__(self, name: str, folder: Path, *, change: bool = True) -> None:
        self.folder = folder
        self.host = Host(name, folder, Helper.start(name, folder), change=change, way_out=True)
        self.told: Steps = []
        self.warned: list[str] = []
        self.fds: dict[str, int] = {}

    async def up(self, plan: Plan) -> None:
        await self.look(plan)
        self.fds |= self.host.make(plan, self.told.append, lambda _step: None)
        await self.host.settle(plan, self.told.append, self.warned.append)

    async def look(self, plan: Plan) -> None:
        """At the host, as before a plan is made."""
        paths = {UPLINK: None, **{port: uplink.netns for port, uplink in plan.uplinks.items()}}
        self.host.expect(paths)
        self.host.look(paths)
        self.host.unlock()

    async def down(self) -> None:
        for fd in self.fds.values():
            os.close(fd)
        await self.host.close(self.told.append)


def run(live: Callable[[Tried], Awaitable[None]], name: str, folder: Path, *, change: bool = True) -> None:
    """``live`` with a lab on an event loop."""

    async def begin() -> None:
        await live(Tried(name, folder, change=change))

    asyncio.run(begin())


def in_world(work: Callable[[], None]) -> None:
    """With a host that has an interface to the outside; equal before and after."""

    def inside() -> None:
        with outside():
            before = state()
            work()
            assert_same(before, state())

    run_in_private_world(inside)


def test_up_makes_what_the_plan_says_and_tells_it() -> None:
    def work() -> None:
        with hold("one") as folder:
            run(live, "one", folder)
        clean("one")

    async def live(lab: Tried) -> None:
        await lab.up(plan_of("one"))
        addresses = sh("ip -o address show dp-one")
        for text in ("172.31.255.1/30", "fd00:ff:255::1/126"):
            assert text in addresses
        assert "10.255.0.0/24 via 172.31.255.2" in sh("ip route")
        assert "fd00:255::/64 via fd00:ff:255::2" in sh("ip -6 route")
        assert sh("cat /proc/sys/net/ipv4/conf/eth0/forwarding /proc/sys/net/ipv4/conf/dp-one/route_localnet") == "1\n1\n"
        assert sh(
            "cat /proc/sys/net/ipv4/ip_forward /proc/sys/net/ipv6/conf/all/forwarding /proc/sys/net/ipv6/conf/eth0/forwarding"
        ) == ("0\n0\n0\n")
        assert "masquerade" in sh("nft list table inet dataplane-one")
        words = [step.what for step in lab.told]
        assert words[0] == "interface dp-one, 172.31.255.1/30, fd00:ff:255::1/126"
        assert "IPv4 forwarding of eth0: 0 -> 1" in words
        assert any(word.startswith("nftables table dataplane-one") for word in words)
        assert lab.host.ways["uplink"].local == (HOST4, HOST6)
        assert lab.warned == []
        await lab.down()

    in_world(work)


def test_every_step_can_be_done_by_hand() -> None:
    """--no-host-rules: nothing is changed but our own interface; the commands that it tells lead to what up makes."""

    def made(*, change: bool) -> tuple[dict[str, object], Steps]:
        found: dict[str, object] = {}

        async def live(lab: Tried) -> None:
            await lab.up(plan_of("one"))
            if not change:
                assert "dataplane" not in sh("nft list ruleset")
                assert "10.255" not in sh("ip route")
                for step in lab.told[1:]:
                    sh(step.by_hand)
            found.update(state())
            told.extend(lab.told)
            if not change:
                sh("nft delete table inet dataplane-one")
                sh("sysctl -w net/ipv4/conf/eth0/forwarding=0 net/ipv6/conf/eth0/force_forwarding=0")
            await lab.down()

        told: Steps = []
        with hold("one") as folder:
            run(live, "one", folder, change=change)
        clean("one")
        return found, told

    def work() -> None:
        ours, _told = made(change=True)
        by_hand, _told = made(change=False)
        assert_same({key: ours[key] for key in ("rules", "sysctls")}, by_hand)
        assert sh("ip route") != ours["routes"]

    in_world(work)


def test_two_labs_share_what_they_need_and_the_last_restores_it() -> None:
    def work() -> None:
        with hold("a") as first, hold("b") as second:

            async def live() -> None:
                a, b = Tried("a", first), Tried("b", second)
                await a.up(plan_of("a", 254))
                await b.up(plan_of("b", 255))
                assert [step.what for step in b.told if "forwarding of eth0" in step.what] == []
                await a.down()
                assert sh("cat /proc/sys/net/ipv4/conf/eth0/forwarding") == "1\n"
                assert "dataplane-b" in sh("nft list tables")
                await b.down()

            asyncio.run(live())
        clean("a")
        clean("b")

    in_world(work)


def test_killed_labs_are_taken_back_by_clean() -> None:
    """The processes die, one after the other, with all their descriptors; what is left is what ``down`` finds."""

    def victim(name: str, number: int) -> None:
        pid = os.fork()
        if pid == 0:

            async def live(folder: Path) -> None:
                await Tried(name, folder).up(plan_of(name, number))
                os.kill(os.getpid(), 9)

            with hold(name) as folder:
                clear(folder, keep=("lab.json",))
                asyncio.run(live(folder))
        os.waitpid(pid, 0)
        assert f"dataplane-{name}" in sh("nft list tables")

    def work() -> None:
        victim("a", 254)
        victim("b", 255)
        victim("a", 254)  # again, over what its predecessor left
        assert clean("a")
        assert sh("cat /proc/sys/net/ipv4/conf/eth0/forwarding") == "1\n"
        assert clean("b")
        assert not Path("/run/dataplane").exists()

    in_world(work)


def test_what_was_forwarding_already_stays() -> None:
    def work() -> None:
        sh("sysctl -w net.ipv4.conf.eth0.forwarding=1 net.ipv6.conf.all.forwarding=1")
        before = state()
        with hold("one") as folder:

            async def live() -> None:
                lab = Tried("one", folder)
                await lab.up(plan_of("one"))
                assert not [step for step in lab.told if "forwarding" in step.what]
                await lab.down()

            asyncio.run(live())
        clean("one")
        assert_same(before, state())
        sh("sysctl -w net.ipv6.conf.all.forwarding=0 net.ipv4.conf.eth0.forwarding=0")

    in_world(work)


def test_a_foreign_chain_that_drops_is_named_and_left_alone() -> None:
    def work() -> None:
        sh("nft add table ip filter; nft 'add chain ip filter FORWARD { type filter hook forward priority 0; policy drop; }'")
        before = sh("nft list table ip filter")
        with hold("one") as folder:

            async def live() -> None:
                lab = Tried("one", folder)
                await lab.up(plan_of("one"))
                (sentence,) = lab.warned
                assert "table ip filter, chain FORWARD (policy drop) drops" in sentence
                assert "iptables -I FORWARD -i dp-one -j ACCEPT" in sentence
                assert sh("nft list table ip filter") == before
                await lab.down()

            asyncio.run(live())
        clean("one")
        sh("nft delete table ip filter")

    in_world(work)


def test_a_name_that_the_host_has_is_refused() -> None:
    def work() -> None:
        sh("ip tuntap add dp-one mode tap")
        with hold("one") as folder:

            async def live() -> None:
                lab = Tried("one", folder)
                with pytest.raises(Exception, match="has an interface dp-one already"):
                    await lab.up(plan_of("one"))
                await lab.down()

            asyncio.run(live())
        clean("one")
        assert "dp-one" in sh("ip -o link")
        sh("ip link delete dp-one")

    in_world(work)


def test_only_one_lab_at_a_time_chooses_subnets() -> None:
    def work() -> None:
        held = place.lock(None)
        assert held is not None
        assert place.lock(None, patience=0.1) is None
        held.close()
        again = place.lock(None, patience=0.1)
        assert again is not None
        again.close()

    run_in_private_world(work)


def test_another_namespace_than_the_hosts() -> None:
    """What a thread does inside is done there: sockets, sysctls, programs; the others of the process stay where they are."""

    def work() -> None:
        with outside():
            path = "/run/netns/outside"
            names = place.inside(path, lambda: sh("ip -o -4 address show eth0"))
            assert "198.51.100.2" in names
            assert "198.51.100.1" in sh("ip -o -4 address show eth0")
            held = place.inside(path, lambda: socket.create_server(("198.51.100.2", 8080)))
            assert "198.51.100.2:8080" in sh("ip netns exec outside ss -ltn")
            held.close()
            inode = place.inode_of(path)
            assert place.find(inode) == path
            assert shared.take("x", {(inode, "net/ipv4/conf/eth0/forwarding"): "1"})
            assert sh("ip netns exec outside cat /proc/sys/net/ipv4/conf/eth0/forwarding") == "1\n"
            assert json.loads(Path("/run/dataplane/.host.json").read_text())["sysctls"][0]["old"] == "0"
            shared.release("x")
            assert sh("ip netns exec outside cat /proc/sys/net/ipv4/conf/eth0/forwarding") == "0\n"
            assert not Path("/run/dataplane/.host.json").exists()
        assert place.find(inode) is None

    run_in_private_world(work)


def test_a_record_of_a_namespace_that_ended_does_no_harm() -> None:
    def work() -> None:
        folder = lab_folder("gone", create=True)
        record.write(folder, record.Record(inode=1, table="dataplane-gone"))
        assert undo(folder) == []
        assert not (folder / record.FILE).exists()

    run_in_private_world(work)
