"""Hostile input to a VTEP, from the underlay and from its bridges: lying, cut, repeated, with time going on. See test_nodes.py."""

import random
from itertools import product

import pytest
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import ARP, Ether

from tests.fastpath import groups, questions
from tests.fastpath.outside import BROADCAST, number
from tests.fuzz.counted import FRAMES
from tests.fuzz.hurt import hurt, pool_of
from tests.vxlan import outer
from tests.vxlan.overlay_plan import STATIONS, UNDERLAY_MACS, inside
from tests.vxlan.overlay_world import Overlays

SETTINGS = {
    "defaults": {},
    "asking": {"ask": True, "vtep": {"neighbors": 16}},
    "strict": {"vtep": {"strict": True}, "settings": {"inner_vlan": "keep", "mss": 1200, "ttl": -1, "dscp": -1, "checksum": True}},
    "programmed": {"settings": {"learn": False, "unknown": False, "permitted_only": True, "too_big": False}},
    "small": {"mtu": 1280, "settings": {"spare": 2, "flood_rate": 50}, "bridge": {"limit": 20, "ageing": 10**9}},
}


def inner(world: Overlays, chance: random.Random) -> bytes:
    """A frame of a station to another."""
    src, dst = chance.choice("abcdxyz"), chance.choice([*"abcdxyz", BROADCAST, "33:33:00:00:00:fb"])
    which, size = chance.randrange(6), chance.choice([0, 8, 100, 1400, 1430, 1500])
    family = chance.choice([4, 6])
    if which == 0:
        return bytes(Ether(src=STATIONS[src], dst=BROADCAST) / ARP(op=chance.choice([1, 2]), psrc=inside(src), pdst=inside("x")))
    if which == 1:
        return bytes(
            questions.ask6(1, inside(src, 6), inside("x", 6)) if chance.random() < 0.5 else questions.tell6(1, inside("x", 6))
        )
    if which == 2:
        tag = chance.choice([b"\x81\0\0\5", b"\x88\xa8\0\7\x81\0\0\5"])
        frame = world.frame(src, dst, chance.randbytes(size))
        return frame[:12] + tag + frame[12:]
    if which == 3 and dst in STATIONS:
        head = (IP if family == 4 else IPv6)(src=inside(src, family), dst=inside(dst, family))
        return bytes(Ether(src=STATIONS[src], dst=STATIONS[dst]) / head / TCP(flags="S", options=[("MSS", 1460)]))
    service = {"tos": chance.randrange(256)} if family == 4 else {"tc": chance.randrange(256)}
    return world.frame(src, dst, chance.randbytes(size), v=family, **service)


def honest(world: Overlays, chance: random.Random) -> tuple[str, bytes]:
    """A frame as stations, peers and routers send them."""
    which = chance.randrange(8)
    if which < 3:
        return chance.choice("abcd"), inner(world, chance)
    if which == 3:
        return "under", groups.query(world.v, chance.choice([None, world.at("group")]), version=chance.choice([1, 2, 2]), code=1)
    peer = chance.choice(["r1", "r2", "stranger", "far", "us", "198.51.100.77" if world.v == 4 else "2001:db8:9::77"])
    if which == 4:
        mac = UNDERLAY_MACS.get(peer, UNDERLAY_MACS["gw"])
        ether = Ether(src=mac, dst=UNDERLAY_MACS["us"])
        if world.v == 4:
            arp = ARP(op=chance.choice([1, 2]), hwsrc=mac, psrc=world.at(peer), pdst=world.at("us"))
            return "under", bytes(chance.choice([ether / arp, ether / IP(src=world.at(peer), dst=world.at("us")) / UDP(dport=9)]))
        return "under", bytes(questions.ask6(1, world.at(peer), world.at("us")))
    how = {"tos": chance.randrange(4), "flags": chance.choice([8, 8, 8, 0x88]), "udp_sum": chance.choice([None, None, 0])}
    if chance.random() < 0.2:
        how |= {"target": "group", "target_mac": UNDERLAY_MACS["group" if world.v == 4 else "group6"]}
    return "under", outer.write(world.v, peer, inner(world, chance), chance.choice([100, 100, 200, 300]), **how)


def rewire(world: Overlays, chance: random.Random) -> None:
    """Peers, stations, groups and settings come and go between turns."""
    red, which = world.red, chance.randrange(5)
    if which == 0:
        world.vtep.add_peer(red, world.at("r3"))
    elif which == 1 and world.at("r3") in [str(row["peer"]) for row in world.vtep.tunnels(world.now)]:
        world.vtep.add_peer(red, world.at("r3"))
        world.vtep.remove_peer(red, world.at("r3"))
    elif which == 2:
        world.vtep.add_station(
            red, number(STATIONS["x"]), world.at(chance.choice(["r1", "r2", "far"])), [inside("x"), inside("x", 6)]
        )
    elif which == 3:
        world.vtep.set_overlay(world.overlays["blue"], group=chance.choice([None, world.at("group")]))
    else:
        world.vtep.add_neighbor(world.at(chance.choice(["r1", "gw"])), number(UNDERLAY_MACS[chance.choice(["r1", "r2"])]))


@pytest.mark.timeout(3600)
@pytest.mark.row("VX-11")
def test_nothing_that_comes_in_breaks_a_vtep(reached):
    """Balanced after every turn, nothing held for ever, and it works on. Over either family, and with every setting."""
    came = 0
    pools = {v: pool_of(Overlays(v, blue=True), honest) for v in (4, 6)}
    for v, name in product((4, 6), SETTINGS):
        world = Overlays(v, seed=5, blue=True, **SETTINGS[name])
        hurt(world, random.Random(v * 100 + len(name)), FRAMES // len(SETTINGS) * 3 // 4, pools[v], rewire)
        world.advance(100)
        assert world.engine.held == 0
        world.vtep.add_neighbor(world.at("r1"), number(UNDERLAY_MACS["r1"]))
        out = world.receive("r1", world.frame("y", BROADCAST))
        assert {one.port for one in out} == {"a", "b"}, world.drops()
        came += sum(int(row["in"]) for row in world.engine.counters() if row["node"] == "vtep")
    reached("Vtep", came)
