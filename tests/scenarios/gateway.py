"""Scenarios through the gateway, both families in each: who sends what, and what must come out translated."""

from __future__ import annotations

from collections.abc import Iterator

from scapy.layers.l2 import Ether
from scapy.packet import Packet, Raw

from fastpath.identification import identifications
from tests.fastpath.outside import octets
from tests.gateway.fragments import cut, thirds
from tests.gateway.packets import Packets
from tests.gateway.plan import MACS, UPLINKS, interface_of
from tests.scenarios.script import BROADCAST, Script

PORTS = ("a.front", "b.front", "d.back", "uplink")
NAMES = {"a": "a.front", "b": "b.front", "d": "d.back", "up": "uplink", "up-b": "uplink.back"}
# What the router draws identifications from, when the lab's seed is 0.
ROUTER_SEED = 11
DATA = bytes(n * 13 & 255 for n in range(4000))


class Gateway(Packets):
    """A script of packets of one family: `translates` is one frame in and what becomes of it."""

    def __init__(self, script: Script, v: int) -> None:
        self.script, self.v = script, v

    def frame(self, port: str, packet: Packet, out: bool = False) -> bytes:
        """From the port's host to the router, or from the router to it."""
        host, router = MACS[UPLINKS.get(port, port)], MACS[interface_of(port)]
        target, source = (host, router) if out else (router, host)
        kind = b"\x08\x00" if packet.version == 4 else b"\x86\xdd"
        return octets(target) + octets(source) + kind + bytes(packet)

    def translates(self, port: str, packet: Packet, towards: str | None = None, *becomes: Packet) -> None:
        """What comes in by the port leaves by the other as this; nothing leaves if there is none."""
        results = {NAMES[towards]: [self.frame(towards, each, out=True) for each in becomes]} if towards else {}
        self.script.send_for(NAMES[port], self.frame(port, packet), results)


def families(script: Script) -> Iterator[Gateway]:
    """The same for IPv4, then for IPv6; the bridges have heard every host before."""
    for name, others in (("a", ["b.front"]), ("b", ["a.front"]), ("d", [])):
        script.send(NAMES[name], Ether(src=MACS[name], dst=BROADCAST, type=0x88B5) / Raw(b"here"), *others)
    for v in (4, 6):
        yield Gateway(script, v)


def nat_out() -> Script:
    """NAT-1 to NAT-3, NAT-6, NAT-7: out and back; who was not asked does not come in; an established flow is picked up."""
    script = Script("nat-out", PORTS)
    for world in families(script):
        for kind in ("udp", "tcp", "icmp"):
            world.translates("a", world.query(kind, "a", 4000, "r1", 80), "up", world.query(kind, "up", 4000, "r1", 80, ttl=63))
            world.translates("up", world.answer(kind, "r1", 80, "up", 4000), "a", world.answer(kind, "r1", 80, "a", 4000, ttl=63))
            world.translates("a", world.query(kind, "a", 4000, "r2", 81), "up", world.query(kind, "up", 4000, "r2", 81, ttl=63))
            world.translates("up", world.answer(kind, "r3", 80, "up", 4000))
        world.translates("d", world.udp("d", 4001, "r1", 53), "up", world.udp("up", 4001, "r1", 53, ttl=63))
        middle = {"flags": "PA", "seq": 1000, "ack": 2000, "payload": b"in the middle"}
        world.translates("b", world.tcp("b", 5000, "r1", 80, **middle), "up", world.tcp("up", 5000, "r1", 80, ttl=63, **middle))
        world.translates("up", world.udp("r1", 80, "a", 4000))
    return script


def two_uplinks() -> Script:
    """A network with an uplink of its own: out by it, back by it, published there, and nothing of one world in the other."""
    script = Script("two-uplinks", (*PORTS, "uplink.back"))
    for world in families(script):
        for kind in ("udp", "tcp", "icmp"):
            for inside, by in (("a", "up"), ("d", "up-b")):
                world.translates(
                    inside, world.query(kind, inside, 4000, "r1", 80), by, world.query(kind, by, 4000, "r1", 80, ttl=63)
                )
                answer = world.answer(kind, "r1", 80, by, 4000)
                world.translates(by, answer, inside, world.answer(kind, "r1", 80, inside, 4000, ttl=63))
        answer = {"flags": "SA", "ack": 1}
        for inside, by in (("a", "up"), ("d", "up-b")):
            world.translates(by, world.tcp("r1", 5000, by, 8080), inside, world.tcp("r1", 5000, inside, 80, ttl=63))
            world.translates(
                inside, world.tcp(inside, 80, "r1", 5000, **answer), by, world.tcp(by, 8080, "r1", 5000, ttl=63, **answer)
            )
        world.translates("a", world.udp("a", 4001, "isp-b", 53))
        world.translates("up", world.udp("r1", 53, "up-b", 8080))
        world.translates("up-b", world.udp("r1", 53, "a", 4000))
    return script


def nat_in() -> Script:
    """NAT-32, NAT-17: published ports, misses, another network's, and networks that do not reach one another."""
    script = Script("nat-in", PORTS)
    for world in families(script):
        for client, sport in (("r1", 5000), ("r1", 5001), ("r2", 5000)):
            world.translates("up", world.tcp(client, sport, "up", 8080), "a", world.tcp(client, sport, "a", 80, ttl=63))
            answer = {"flags": "SA", "ack": 1}
            world.translates(
                "a", world.tcp("a", 80, client, sport, **answer), "up", world.tcp("up", 8080, client, sport, ttl=63, **answer)
            )
        world.translates("up", world.udp("r1", 53, "up", 9007), "b", world.udp("r1", 53, "b", 3007, ttl=63))
        world.translates("b", world.udp("b", 3007, "r1", 53), "up", world.udp("up", 9007, "r1", 53, ttl=63))
        world.translates("up", world.tcp("r1", 5000, "up", 8081))
        world.translates("up", world.udp("r1", 53, "up", 9010))
        world.translates("d", world.udp("d", 1, "a", 2))
        world.translates("d", world.tcp("d", 5000, "up", 8080), "a", world.tcp("up", 5000, "a", 80, ttl=63))
    return script


def nat_hairpin() -> Script:
    """NAT-33: by the public address to a published port, from the same network and to oneself; an error about it."""
    script = Script("nat-hairpin", PORTS)
    for world in families(script):
        for client, sport in (("b", 5000), ("a", 5001)):
            world.translates(client, world.udp(client, sport, "up", 8080), "a", world.udp("up", sport, "a", 80, ttl=63))
            world.translates("a", world.udp("a", 80, "up", sport), client, world.udp("up", 8080, client, sport, ttl=63))
        before = world.error("a", "up", "port unreachable", world.udp("up", 5000, "a", 80, ttl=63))
        after = world.error("up", "b", "port unreachable", world.udp("b", 5000, "up", 8080, ttl=63), ttl=63)
        world.translates("a", before, "b", after)
    return script


def nat_errors() -> Script:
    """NAT-25 to NAT-29: errors from routers outside and from hosts inside, restored; without a flow nothing."""
    script = Script("nat-errors", PORTS)
    for world in families(script):
        world.translates("a", world.udp("a", 4000, "r1", 33434), "up", world.udp("up", 4000, "r1", 33434, ttl=63))
        for kind, mtu in (("time exceeded", 0), ("port unreachable", 0), ("too big", 1280)):
            before = world.error("hop", "up", kind, world.udp("up", 4000, "r1", 33434, ttl=1), mtu=mtu)
            after = world.error("hop", "a", kind, world.udp("a", 4000, "r1", 33434, ttl=1), mtu=mtu, ttl=63)
            world.translates("up", before, "a", after)
        inside = world.error("a", "r1", "port unreachable", world.udp("r1", 33434, "a", 4000, ttl=9))
        outside = world.error("up", "r1", "port unreachable", world.udp("r1", 33434, "up", 4000, ttl=9), ttl=63)
        world.translates("a", inside, "up", outside)
        world.translates("up", world.error("hop", "up", "port unreachable", world.udp("up", 4001, "r1", 33434)))
        world.translates("a", world.error("a", "r1", "port unreachable", world.udp("r1", 33434, "a", 4001)))
    return script


def nat_fragments() -> Script:
    """NAT-13, NAT-14: out and in, in orders of all kinds: all leave with the last that was missing; an orphan never.

    What is put together and does not fit the largest fragment that came is cut again, with an identification of the router's own.
    """
    script = Script("nat-fragments", PORTS)
    ids: dict[tuple[str, str], Iterator[int]] = {}

    def cut_again(world: Gateway, packet: Packet) -> list[Packet]:
        ends = str(packet.src), str(packet.dst)
        ids.setdefault(ends, iter(identifications(ROUTER_SEED, *ends, 17, 8)))
        return cut(packet, 480, 960, id=next(ids[ends]))

    for world in families(script):
        for n, order in enumerate(((0, 1, 2), (2, 0, 1), (1, 2, 0))):
            whole = world.udp("up", 4000, "r1", 80, DATA[:1400], ttl=63)
            parts = thirds(world.udp("a", 4000, "r1", 80, DATA[:1400]), id=n)
            world.translates("a", parts[order[0]])
            world.translates("a", parts[order[1]])
            world.translates("a", parts[order[2]], "up", *cut_again(world, whole))
            back = world.udp("r1", 80, "a", 4000, DATA[:1400], ttl=63)
            parts = thirds(world.udp("r1", 80, "up", 4000, DATA[:1400]), id=100 + n)
            world.translates("up", parts[order[0]])
            world.translates("up", parts[order[1]])
            world.translates("up", parts[order[2]], "a", *cut_again(world, back))
        world.translates("b", thirds(world.udp("b", 4000, "r1", 80, DATA[:1400]))[1])
    return script


SCRIPTS = (nat_out, two_uplinks, nat_in, nat_hairpin, nat_errors, nat_fragments)
