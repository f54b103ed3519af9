"""Hostile frames into the nodes behind a parent, from both sides, while members come and go: see test_nodes.py."""

import random

import pytest
from pool import STATIONS, Pool
from pool import frame as pool_frame
from test_nodes import SECOND, assert_nothing_vanished, entered, reasons

from fastpath import Engine, Ipvlan, Macvlan, MemoryPort, Outbox, Vlan
from tests.fuzz.counted import FRAMES

OURS = int.from_bytes(STATIONS[0])
MODES = ["bridge", "bridge", "private", "vepa"]


class Behind:
    """A node with a wire and five members on memory ports of several MTUs, or as many as its kind takes."""

    def __init__(self, engine: Engine, node, outbox: Outbox) -> None:
        self.engine, self.node, self.outbox = engine, node, outbox
        mtus = (1500, 68, 600, 1500, 9000, 1500)
        self.ports = [MemoryPort(engine, f"port {n}", outbox=outbox, mtu=mtu) for n, mtu in enumerate(mtus)]
        self.node.lead_wire(self.ports[0])
        self.ports[0].lead_to(node, 0)
        self.numbers: dict[int, int] = {}

    def set(self, n: int, **settings) -> None:
        """Member n, anew."""
        port = self.ports[n]
        vlan = isinstance(self.node, Vlan)
        if n in self.numbers:
            port.lead_to(None)
            (self.node.remove_network if vlan else self.node.remove_member)(self.numbers.pop(n))
        self.numbers[n] = (self.node.add_network if vlan else self.node.add_member)(port, **settings)
        port.lead_to(self.node, self.numbers[n])


def hostile(behind: Behind, pool: Pool, chance: random.Random, settings) -> None:
    """FRAMES frames from any side; members change every round, and once in a while there is no wire."""
    name, now, sent, received = behind.node.name, 0, 0, 0
    for n in range(1, 6):
        behind.set(n, **settings(n))
    while entered(behind.engine, name) < max(FRAMES, 100_000):  # fewer meet not all of this
        burst = pool.round()
        for at in range(0, len(burst), 100):
            push = behind.ports[0 if chance.random() < 0.5 else chance.randrange(1, 6)].push
            for one in burst[at : at + 100]:
                push(one)
            if at % 300 == 0:
                now += chance.randrange(SECOND)
                behind.engine.turn(now)
        behind.engine.run_until_idle(now)
        sent += len(burst)
        received += len(behind.outbox.take())
        behind.engine.run_until_idle(now := now + 20 * SECOND)
        received += len(behind.outbox.take())
        assert_nothing_vanished(behind.engine)
        n = chance.randrange(1, 6)
        behind.set(n, **settings(n))
        behind.node.lead_wire(None if chance.random() < 0.1 else behind.ports[0])
    traffic = behind.engine.traffic()
    assert traffic["in_frames"].sum() == sent
    assert traffic["out_frames"].sum() == received


def test_macvlan_among_hostile_stations(reached):
    """Addresses that stations really have, in every mode; sources lie."""
    chance = random.Random(31)
    engine, outbox = Engine(), Outbox()
    behind = Behind(engine, Macvlan(engine, "macvlan"), outbox)
    hostile(behind, Pool(31), chance, lambda n: {"mac": int.from_bytes(STATIONS[n]), "mode": chance.choice(MODES)})
    assert reasons(engine) >= {"runt", "other station", "isolated", "same port", "no other port", "mtu"}
    reached("Macvlan", entered(engine, "macvlan"))


def test_macvlan_passthru(reached):
    engine, outbox = Engine(), Outbox()
    node = Macvlan(engine, "passthru")
    ports = [MemoryPort(engine, f"port {n}", outbox=outbox) for n in range(2)]
    node.lead_wire(ports[0])
    ports[0].lead_to(node, 0)
    ports[1].lead_to(node, node.add_member(ports[1], mac=2, mode="passthru"))
    pool, sent = Pool(32), 0
    while entered(engine, "passthru") < FRAMES:
        for number, one in enumerate(pool.round()):
            ports[number % 2].push(one)
            sent += 1
        engine.run_until_idle(0)
        outbox.take()
        assert_nothing_vanished(engine)
    assert reasons(engine) <= {"runt", "mtu"}
    reached("Macvlan (passthru)", entered(engine, "passthru"))


def addressed(chance: random.Random) -> bytes:
    """Frames as the pool's, most of them between stations with one MAC, many with addresses that somebody has; ARP and ND too."""
    octets = pool_frame(chance)
    ours = STATIONS[0]
    if chance.random() < 0.7:
        source = ours if chance.random() < 0.7 else octets[6:12]
        octets = (ours if chance.random() < 0.7 else octets[:6]) + source + octets[12:]
    kind, net = octets[12:14], chance.randrange(1, 8)
    if chance.random() < 0.2:
        operation = chance.choice([b"\0\1", b"\0\2"])
        sender = STATIONS[9] + bytes([10, 0, 0, chance.randrange(1, 12)])
        arp = bytes.fromhex("00010800 0604") + operation + sender + ours + bytes([10, 0, 0, net])
        return octets[:12] + b"\x08\x06" + arp + bytes(18)
    if kind == b"\x08\x00" and len(octets) >= 34:
        return octets[:26] + bytes([10, 0, 0, chance.randrange(12), 10, 0, chance.randrange(2), net]) + octets[34:]
    if kind == b"\x86\xdd" and len(octets) >= 78:
        source = bytes(16) if chance.random() < 0.3 else b"\xfd" + bytes(14) + bytes([chance.randrange(12)])
        head = octets[:20] + (b"\x3a\xff" if chance.random() < 0.4 else octets[20:22])
        nd = bytes([chance.choice([133, 135, 135, 136])]) + bytes(7) + b"\xfd" + bytes(14) + bytes([net])
        return head + source + b"\xfd" + bytes(14) + bytes([net]) + nd + octets[78:]
    return octets


@pytest.mark.parametrize("mode", ["l2", "l3"])
@pytest.mark.parametrize("flag", ["bridge", "vepa"])
def test_ipvlan_among_hostile_stations(reached, mode, flag):
    """In l3 next hops that never answer, that somebody answers for, and answers that nobody asked for."""
    chance = random.Random(33)
    engine, outbox = Engine(), Outbox()
    node = Ipvlan(engine, "ipvlan", mac=OURS, mode=mode, flag=flag)
    node.set_host(["10.0.0.100/24", "fd00::100/64"], ["10.0.0.101"])
    behind = Behind(engine, node, outbox)
    pool = Pool(33, [addressed(chance) for _ in range(2_000)])
    hostile(behind, pool, chance, lambda n: {"addresses": [f"10.0.0.{n}", f"fd00::{n}"]})
    wanted = {"runt", "other station", "the host", "no other port", "mtu"}
    wanted |= {"same port"} if mode == "l2" else {"no groups", "unresolved"}
    assert reasons(engine) >= wanted
    reached(f"Ipvlan ({mode}, {flag})", entered(engine, "ipvlan"))


def test_vlan_among_hostile_tags(reached):
    """Tags on and off, cut short, nested thirty deep; a trunk behind a trunk, so that two tags go on."""
    chance = random.Random(34)
    engine, outbox = Engine(), Outbox()
    behind = Behind(engine, Vlan(engine, "vlan"), outbox)
    octets = [pool_frame(chance) for _ in range(2_000)]
    tag = [b"\x81\x00\x00" + bytes([chance.randrange(9)]) if chance.random() < 0.8 else b"" for _ in octets]
    pool = Pool(34, [one[:12] + more + one[12:] for one, more in zip(octets, tag, strict=True) if len(one) < 65_000])
    hostile(behind, pool, chance, lambda n: {"identifier": n - 1})
    assert reasons(engine) >= {"runt", "other vlan", "mtu"}
    reached("Vlan", entered(engine, "vlan"))
