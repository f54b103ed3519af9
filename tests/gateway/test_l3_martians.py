"""Addresses that nothing comes from or goes to (L3-9, L3-10): RFC 1812 5.3.7, RFC 3927, RFC 2644, RFC 4291, RFC 3704."""

import pytest

from tests.fastpath.outside import BROADCAST
from tests.gateway.plan import MACS
from tests.gateway.world import World

SOURCES = {
    4: ["127.0.0.1", "127.255.255.255", "0.0.0.0", "0.1.2.3", "224.0.0.1", "239.255.255.255", "255.255.255.255", "240.0.0.1",
        "255.255.255.254", "169.254.1.1"],
    6: ["::", "::1", "ff02::1", "ff0e::1", "fe80::1", "::ffff:10.0.0.2", "::10.0.0.2"],
}  # fmt: skip
TARGETS = {
    4: ["127.0.0.1", "127.9.9.9", "0.0.0.0", "0.255.0.1", "224.0.0.1", "239.1.2.3", "255.255.255.255", "240.0.0.1",
        "254.255.255.255", "169.254.1.1"],
    6: ["::", "::1", "ff02::1", "ff05::2", "ff0e::1", "fe80::99", "::ffff:10.1.0.2", "::10.1.0.2"],
}  # fmt: skip


def each(table):
    return [pytest.param(v, address, id=address) for v in (4, 6) for address in table[v]]


def pairs(world, address):
    return (("up", world.udp(address, 1, "a", 2)), ("a", world.udp(address, 1, "r1", 2)))


@pytest.mark.row("L3-9", "L3-10")
@pytest.mark.parametrize("nat", [None, "nat"])
@pytest.mark.parametrize(("v", "source"), each(SOURCES))
def test_a_martian_source_is_not_forwarded(v, source, nat):
    """Without the reverse path check too: the uplink has none."""
    world = World(v, nat=nat)
    for port, packet in pairs(world, source):
        world.vanishes(port, packet, "martian source", "spoofed source")


@pytest.mark.row("L3-9", "L3-10")
@pytest.mark.parametrize("nat", [None, "nat"])
@pytest.mark.parametrize(("v", "target"), each(TARGETS))
def test_a_martian_target_is_not_forwarded(v, target, nat):
    """From either side, in a frame for us; 169.254/16 and fe80::/10 stay on their link (RFC 3927 7, RFC 4291 2.5.6)."""
    world = World(v, nat=nat)
    for port, source in (("a", "a"), ("up", "r1")):
        out = world.send(port, world.udp(source, 1, target, 2))
        assert out == [], (port, out)
    assert sum(world.drops().values()) == 2
    assert set(world.drops()) <= {"martian target", "no service"}


@pytest.mark.row("L3-9")
def test_our_own_address_as_source_is_a_lie(routed):
    for own in ("gw", "gw-back", "up"):
        for port in ("a", "up"):
            routed.vanishes(port, routed.udp(own, 1, "d" if port == "a" else "a", 2), "martian source", "spoofed source")


@pytest.mark.row("L3-9")
@pytest.mark.parametrize("nat", [None, "nat"])
def test_a_network_only_sends_from_its_own_addresses(v, nat):
    """RFC 3704 (reverse path): a container cannot pretend to be in another network or elsewhere."""
    world = World(v, nat=nat)
    for source in ("d", "r1", "near", "pub1"):
        world.vanishes("a", world.udp(source, 1, "r2", 2), "spoofed source")
        world.vanishes("a", world.echo(source, "gw"), "spoofed source")


@pytest.mark.row("L3-9")
def test_from_outside_nobody_sends_from_our_networks(v):
    """The reverse path leads elsewhere: spoofed, when the uplink checks too."""
    world = World(v, nat=None)
    n = world.router.add_interface("other", mac=0x02420B0B0B0B, mtu=1500, addresses=[], reverse_path=True)
    world.router.lead(n, world.ports["up"], 0)
    world.ports["up"].lead_to(world.router, n)
    world.vanishes("up", world.udp("a", 1, "d", 2), "spoofed source", to="02:42:0b:0b:0b:0b")


@pytest.mark.row("L3-10")
def test_a_directed_broadcast_is_not_forwarded(v):
    """RFC 2644; the first address of a subnet likewise (RFC 1812, 4.2.3.1, RFC 4291's subnet-router anycast is ours)."""
    world = World(4, nat=None)
    if v == 6:
        pytest.skip("IPv6 has no broadcast; the subnet-router anycast address has the next test")
    for target in ("10.1.0.255", "10.1.0.0", "198.51.100.255"):
        for port, source in (("a", "a"), ("up", "r1")):
            world.vanishes(port, world.udp(source, 1, target, 2), "martian target", "no service")


@pytest.mark.row("L3-10")
def test_the_subnet_router_anycast_address_leaves_by_no_link(routed6):
    """RFC 4291, 2.6.1: it is the router's."""
    out = routed6.send("a", routed6.udp("a", 1, "fd00:b::", 2))
    assert [one.port for one in out] in ([], ["a"])


@pytest.mark.row("L3-10")
@pytest.mark.parametrize("nat", [None, "nat"])
def test_one_hosts_packet_in_a_frame_for_all_is_not_forwarded(v, nat):
    """RFC 1812, 5.3.4."""
    world = World(v, nat=nat)
    for group in (BROADCAST, "01:00:5e:00:00:01", "33:33:00:00:00:01"):
        world.vanishes("up", world.udp("r1", 1, "a", 2), "group frame", to=group)
        out = world.send("a", world.udp("a", 1, "r1", 2), to=group)
        assert sorted(one.port for one in out) == ["b", "c"], "the bridge floods it, the router does not route it"


@pytest.mark.row("L3-10")
@pytest.mark.parametrize("nat", [None, "nat"])
def test_frames_for_other_stations_are_ignored(v, nat):
    """Consumed, no drop: a hub's frames are nobody's fault."""
    world = World(v, nat=nat)
    for other in (MACS["near"], MACS["gw"], MACS["gw-back"], "02:42:c6:33:64:02"):
        assert world.send("up", world.udp("r1", 1, "a", 2), to=other) == []
    assert world.drops() == {}
    rows = {row["node"].item(): row for row in world.engine.counters()}
    assert rows["router"]["consumed"] == 4
    assert world.router.named_counters()["ignored"] == 4
