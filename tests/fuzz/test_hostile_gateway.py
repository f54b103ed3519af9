"""Hostile input to the gateway: every kind of frame it reads, lying, cut, repeated, with time going on. See test_nodes.py."""

import random
from itertools import product

import pytest

from tests.fuzz.counted import FRAMES
from tests.fuzz.hurt import hurt, pool_of
from tests.gateway import neighbors
from tests.gateway.fragments import cut
from tests.gateway.two_uplinks import TwoUplinks
from tests.gateway.world import World


def honest(world: World, chance: random.Random) -> tuple[str, bytes]:
    """A frame such as hosts and remotes send."""
    inside = chance.random() < 0.6
    port = chance.choice("abcdef") if inside else "up"
    source, target = (
        (port, chance.choice(["r1", "r2", "up", "gw", "d", "a"])) if inside else ("r1", chance.choice(["up", "a", "pub1"]))
    )
    ports = chance.choice([53, 80, 4000, 8080]), chance.choice([53, 80, 4000, 8080])
    which = chance.randrange(10)
    size = chance.choice([0, 8, 100, 1400, 3000])
    if which == 0:
        return port, bytes(neighbors.request(world, port if inside else "isp", chance.choice(["up", "gw", "gw-back", "near"])))
    if which == 1:
        return port, bytes(neighbors.unsolicited(world, port if inside else "near", "02:00:00:00:00:99", chance.random() < 0.5))
    if which in {2, 3}:
        packet = world.udp(source, ports[0], target, ports[1], chance.randbytes(size))
        step = chance.choice([8, 64, 512, 1400])
        parts = cut(packet, *range(step, min(size + 8, 40 * step), step), id=chance.randrange(4))
        return port, world.framed(port, chance.choice(parts))
    if which == 4:
        about = world.udp(target, ports[0], source, ports[1], chance.randbytes(20))
        error = chance.choice(["port unreachable", "too big", "time exceeded", "parameter"])
        return port, world.framed(port, world.error(source, target, error, bytes(about)[: chance.randrange(60)]))
    if which == 5:
        return port, world.framed(port, world.other(source, target, chance.randrange(256), chance.randbytes(min(size, 1400))))
    if which == 6:
        flags = "".join(flag for flag in "FSRPAU" if chance.random() < 0.3)
        options = chance.choice([[], [("MSS", 1460)], [("WScale", chance.randrange(256))]])
        packet = world.tcp(source, ports[0], target, ports[1], flags, seq=chance.getrandbits(32), tcp_options=options)
        return port, world.framed(port, packet)
    payload = chance.randbytes(min(size, 1400))
    return port, world.framed(
        port, world.query(chance.choice(["udp", "icmp", "tcp"]), source, *ports[:1], target, ports[1], payload=payload)
    )


SETTINGS = {
    "routed": {"nat": None},
    "routed and asking": {"nat": None, "ask": True, "router": {"neighbors": 16}},
    "defaults": {},
    "asking": {"ask": True, "router": {"neighbors": 64, "mss": 1200}},
    "small": {"mtu": 1280, "uplink_mtu": 1280, "flows": {"capacity": 64, "mapping": "endpoint-dependent"}},
    "two uplinks": {},
    "two uplinks, routed": {"nat": None},
    "open": {"flows": {"filtering": "endpoint-independent"}, "pool": ("pub1", "pub2", "pub3")},
}


def made(v: int, name: str) -> World:
    """A world of these settings, with rules of each kind if it has any."""
    kind = TwoUplinks if name.startswith("two") else World
    world = kind(v, seed=5, **SETTINGS[name])
    if world.rules is not None:
        world.rules.publish("tcp", 8080, 8090, target=world.at("a"), target_port=80, name="a")
        world.rules.publish("udp", 80, 80, target=world.at("d"), target_port=4000, name="d")
        world.rules.add_static(outside=world.at("own"), inside=world.at("e"))
    return world


@pytest.mark.timeout(3600)
@pytest.mark.row("NAT-22", "L3-11")
def test_nothing_that_comes_in_breaks_the_gateway(reached):
    """Balanced after every turn, nothing held for ever, and it works on. Of either family, and of every setting."""
    sent = 0
    pools = {v: pool_of(World(v), honest) for v in (4, 6)}
    for v, name in product((4, 6), SETTINGS):
        world = made(v, name)
        hurt(world, random.Random(v * 100 + len(name)), FRAMES // len(SETTINGS) * 3 // 4, pools[v])
        world.advance(100)
        assert world.engine.held == 0
        for known in ("isp", "c"):
            world.know(known)
        out = world.send("c", world.udp("c", 61_234, "r3", 9))
        assert "up" in {one.port for one in out}, world.drops()
        sent += sum(int(row["in"]) for row in world.engine.counters() if row["node"] == "router")
    reached("Router", sent)
