"""Hostile octets to a VTEP whose overlays have every setting, and change: more of them than test_hostile_tunnels.py has time for.

Seeded; see test_nodes.py. Every setting of an overlay, both families, with time going on and peers, stations and overlays changing.
"""

import random
import struct

import pytest
from pool import STATIONS, Pool, frame

from fastpath import Bridge, Engine, MemoryPort, Outbox, Vtep
from fastpath.vxlantrial import pushed
from fastpath.wire import checksum
from tests.fuzz.counted import FRAMES

SECOND = 10**9
OURS = 0x02F000000001
ADDRESSES = ("192.0.2.1/24", "2001:db8::1/64")
LOCAL = {4: "192.0.2.1", 6: "2001:db8::1"}
GROUP = {4: "239.1.1.1", 6: "ff15::1"}
BROADCAST = b"\xff" * 6
SETTINGS = [
    {},
    {"checksum": True, "inner_vlan": "keep", "ttl": -1, "dscp": -1},
    {"permitted_only": True, "mss": 1200},
    {"learn": False, "unknown": False},
    {"checksum": False, "flood_rate": 0},
]


def peer(v: int, number: int) -> str:
    return f"192.0.2.{number % 250 + 2}" if v == 4 else f"2001:db8::{number + 2:x}"


def about_addresses(chance: random.Random, source: bytes) -> bytes:
    """ARP, a neighbor solicitation or advertisement, a query of groups: some of it right."""
    which = chance.randrange(4)
    if which < 2:
        ours = chance.choice([b"\xc0\0\2\1", b"\x0a\0\0" + bytes([chance.randrange(40)])])
        arp = struct.pack(">HHBBH", 1, 0x0800, 6, 4, chance.choice([1, 1, 2, 9])) + source + b"\xc0\0\2\x09" + bytes(6) + ours
        return BROADCAST + source + b"\x08\x06" + arp + bytes(18)
    if which == 2:
        message = chance.choice([135, 136, 130, 134]).to_bytes(1, "big") + bytes(7) + chance.randbytes(16) + b"\1\1" + source
        return b"\x33\x33\0\0\0\1" + source + b"\x86\xdd\x60\0\0\0\0\x20\x3a\xff" + chance.randbytes(32) + message
    query = b"\x46\0\0\x20\0\0\0\0\1\2\0\0" + chance.randbytes(4) + b"\xe0\0\0\1\x94\4\0\0\x11\x0a\0\0\xe0\0\0\1"
    return b"\1\0\x5e\0\0\1" + source + b"\x08\0" + query


def opening(chance: random.Random) -> bytes:
    """A SYN with an MSS; options may lie."""
    options = chance.choice([b"\x02\x04\xff\xff", b"\x01\x02\x04\x05\xb4\x00\x00\x00", b"\x02\x00\x02\x04", b"\x02\x04"])
    tcp = struct.pack(">HHIIHHHH", 7, 80, 1, 0, (5 + len(options) // 4) << 12 | 2, 9, 0, 0) + options
    ip = bytearray(struct.pack(">BBHHHBBHII", 0x45, 0, 20 + len(tcp), 1, 0, 64, 6, 0, 0x0A000001, 0x0A000002))
    ip[10:12] = checksum(bytes(ip)).to_bytes(2, "big")
    return chance.choice(STATIONS) + chance.choice(STATIONS) + b"\x08\0" + bytes(ip) + tcp


def about_a_path(chance: random.Random) -> bytes:
    """An ICMP error, some of it right: a tunnel packet of ours was too big for the way to a peer."""
    mtu, dport = chance.choice([0, 68, 600, 1400, 1500, 65535]), chance.choice([4789, 4789, 53])
    ours, theirs = b"\xc0\0\2\1", b"\xc0\0\2" + bytes([chance.randrange(256)])
    head = struct.pack(">BBHHHBBH", 0x45, 0, 1501, 0, 0x4000, 64, 17, 0) + ours + theirs
    quoted = (head + struct.pack(">HHHH", 50000, dport, 1481, 0))[: chance.choice([28, 28, 28, 24, 8])]
    icmp = struct.pack(">BBHHH", 3, chance.choice([4, 4, 1]), 0, 0, mtu) + quoted
    ip = bytearray(struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(icmp), 0, 0, 64, 1, 0) + theirs + ours)
    ip[10:12] = checksum(bytes(ip)).to_bytes(2, "big")
    return OURS.to_bytes(6, "big") + b"\2\xbb\0\0\0\1\x08\0" + bytes(ip) + icmp


def tunneled(chance: random.Random) -> bytes:
    """A tunnel packet as peers, strangers and liars send them; or something else that is for us."""
    v = chance.choice([4, 6])
    if chance.random() < 0.02:
        return about_a_path(chance)
    if chance.random() < 0.15:
        octets = about_addresses(chance, chance.choice(STATIONS))
        return chance.choice([octets[:6], OURS.to_bytes(6, "big")]) + octets[6:]
    inner = chance.choice([about_addresses(chance, chance.choice(STATIONS)), opening(chance)] + [frame(chance)[:1600]] * 6)
    target = LOCAL[v] if chance.random() < 0.9 else chance.choice([GROUP[v], "192.0.2.99" if v == 4 else "2001:db8::99"])
    source = peer(v, chance.randrange(600)) if chance.random() < 0.97 else LOCAL[v]
    made = bytearray(
        pushed(
            inner,
            source=source,
            target=target,
            vni=chance.choice([1, 2, 3, 4, 5] * 4 + [6, 99]) + (5 if v == 6 else 0),
            checksum=chance.random() < 0.3,
            dscp=chance.randrange(64),
        )
    )
    to = OURS.to_bytes(6, "big") if target == LOCAL[v] else b"\1\0\x5e\1\1\1"
    made[:12] = to + b"\2\xbb\0\0\0\1"
    if v == 4 and chance.random() < 0.05:
        made[20] = chance.choice([0x20, 0x00, 0x40])
    made[15] |= chance.randrange(4) if v == 4 and chance.random() < 0.3 else 0
    if v == 4:
        made[24:26] = b"\0\0"
        made[24:26] = checksum(bytes(made[14:34])).to_bytes(2, "big")
    return bytes(made)


class Hurt:
    """A VTEP with an overlay of each setting and family, each on a bridge with two ports."""

    def __init__(self, seed: int, mtu: int) -> None:
        self.chance = random.Random(seed)
        self.engine, self.outbox = Engine(), Outbox()
        self.under = MemoryPort(self.engine, "under", outbox=self.outbox, mtu=mtu)
        more = {"strict": mtu < 1500, "any_hop": mtu > 1500}
        self.vtep = Vtep(self.engine, "vtep", mac=OURS, addresses=ADDRESSES, mtu=mtu, neighbors=64, **more)
        self.vtep.lead(self.under)
        self.under.lead_to(self.vtep)
        self.ports: list[MemoryPort] = []
        self.overlays = [(v, {**settings}) for v in (4, 6) for settings in SETTINGS]
        self.overlays[4][1]["group"] = GROUP[4]
        self.overlays[9][1]["group"] = GROUP[6]
        for number, (v, settings) in enumerate(self.overlays):
            bridge = Bridge(self.engine, f"bridge {number}", limit=60, ageing=20 * SECOND)
            for letter in "ab":
                port = MemoryPort(self.engine, f"{letter}{number}", outbox=self.outbox, mtu=3000)
                port.lead_to(bridge, bridge.add_member(port))
                self.ports.append(port)
            self.vtep.add_overlay(f"overlay {number}", bridge, number + 1, local=LOCAL[v], spare=8, **settings)
            for n in range(4):
                self.vtep.add_peer(number, peer(v, n), flood=n < 3)
            for n in range(6):
                self.vtep.add_station(number, int.from_bytes(STATIONS[n]), peer(v, n), [f"10.0.0.{n}", f"fd00::{n + 1}"])
        for v in (4, 6):
            for n in range(0, 600, 2):
                self.vtep.add_neighbor(peer(v, n), 0x02BB00000000 + n) if n < 40 else None
        self.now = 0

    def change(self) -> None:
        """What people do while it runs."""
        number = self.chance.randrange(len(self.overlays))
        v, settings = self.overlays[number]
        which = self.chance.randrange(4)
        if which == 0:
            self.vtep.remove_peer(number, peer(v, 0))
            self.vtep.add_peer(number, peer(v, 0))
        elif which == 1:
            self.vtep.remove_station(number, int.from_bytes(STATIONS[5]))
            self.vtep.add_station(number, int.from_bytes(STATIONS[5]), peer(v, self.chance.randrange(30)))
        elif which == 2:
            self.vtep.set_overlay(number, **settings)
        else:
            self.vtep.set_overlay(number, **{**settings, "permitted_only": self.chance.random() < 0.5, "mss": 600})

    def settle(self) -> None:
        self.engine.run_until_idle(self.now)
        counted = self.engine.counters()
        into = counted["in"] + counted["cloned"] + counted["originated"]
        assert (into == counted["out"] + counted["consumed"] + counted["dropped"] + counted["held"]).all(), counted
        self.outbox.take()

    def reasons(self) -> set[str]:
        return {str(row["reason"]) for row in self.engine.drops()}


@pytest.mark.timeout(3600)
@pytest.mark.row("VX-7", "VX-8", "VX-10", "VX-11", "VX-13", "VX-20")
def test_nothing_that_comes_breaks_a_vtep(reached):
    """Nothing crashes, nothing vanishes, tables stay within bounds, and it works on."""
    told: set[str] = set()
    sent = 0
    for seed, mtu in enumerate((1500, 600, 9000)):
        world = Hurt(seed, mtu)
        chance = world.chance
        outside = Pool(seed, [tunneled(chance) for _ in range(3000)])
        local = [about_addresses(chance, chance.choice(STATIONS)) if n % 2 else opening(chance) for n in range(400)]
        inside = Pool(seed + 10, local + [frame(chance) for _ in range(1600)])
        while sent < FRAMES * (seed + 1) // 3:
            for pool, ports in ((outside, [world.under]), (inside, world.ports)):
                burst = pool.round()
                sent += len(burst)
                while burst:
                    n = chance.choice([1, 8, 256])
                    port = chance.choice(ports)
                    for one in burst[:n]:
                        port.push(one)
                    del burst[:n]
                    world.now += chance.randrange(SECOND // 5)
                    world.settle()
            world.change()
        told |= world.reasons()
        counted = world.vtep.named_counters()
        assert bool(counted["narrowed"]) == (mtu > 1500)
        assert all(counted[name] for name in ("encapsulated", "decapsulated", "replicated", "answered", "clamped", "stripped")), (
            counted
        )
        assert len(world.vtep.tunnels(world.now)) <= 10 * (1 + 6 + 8 + 30)
        world.now += 1000 * SECOND
        world.settle()
        assert world.engine.held == 0
        works(world)
    assert told >= {
        "bad vxlan header", "unknown vni", "unknown peer", "outer fragment", "congestion lost", "inner vlan", "unknown station",
        "invalid source", "bad checksum", "martian source", "bad ip length", "runt", "too big", "split horizon",
    }, told  # fmt: skip
    reached("Vtep", sent)


def works(world: Hurt) -> None:
    """A station's broadcast goes to the three peers that get floods, and what one of them sends comes out."""
    for _ in range(2):
        world.ports[0].push(BROADCAST + STATIONS[30] + b"\x88\xb5" + bytes(46))
        world.engine.run_until_idle(world.now)
    out = [octets for index, _, octets in world.outbox.take() if index == world.under.index and octets[12:14] == b"\x08\0"]
    assert len(out) >= 2
    inner = STATIONS[30] + STATIONS[0] + b"\x88\xb5" + bytes(46)
    packet = pushed(inner, source=peer(4, 0), target=LOCAL[4], vni=1)
    world.under.push(OURS.to_bytes(6, "big") + b"\2\xbb\0\0\0\0" + packet[12:])
    world.engine.run_until_idle(world.now)
    assert (world.ports[0].index, inner) in [(index, octets) for index, _, octets in world.outbox.take()]
