"""Floods: to a multicast group instead of peers, joined by IGMP and MLD; their rate; loops over the wire and inside one engine."""

import functools

import pytest

from fastpath import Bridge, MemoryPort, Vtep
from tests.fastpath.groups import query
from tests.fastpath.outside import BROADCAST, SECOND, number
from tests.vxlan import outer
from tests.vxlan.overlay_plan import ADDRESSES, UNDERLAY_MACS
from tests.vxlan.overlay_world import Overlays


def grouped(make, **more) -> Overlays:
    world = make(peers=())
    world.vtep.set_overlay(world.red, group=world.at("group"), **more)
    return world


def reports(out) -> list[bytes]:
    """What was said of groups: IGMP, or ICMPv6 behind hop-by-hop options."""
    return [one.frame for one in out if one.port == "under" and (one.frame[23] == 2 or one.frame[20] == 0)]


@pytest.mark.row("VX-15")
def test_a_flood_goes_once_to_the_group(make):
    world = grouped(make)
    inner = world.broadcast("a")
    out = [one for one in world.send("a", inner) if one.frame not in reports([one])]
    world.expect(out, ("b", inner), ("group", inner))
    packet = world.only([one for one in out if one.port == "under"])
    assert packet.target_mac == UNDERLAY_MACS["group" if world.v == 4 else "group6"]


@pytest.mark.row("VX-15")
def test_what_comes_for_the_group_is_taken_and_teaches(make):
    world = grouped(make)
    world.advance(3)
    inner = world.broadcast("x")
    mac = UNDERLAY_MACS["group" if world.v == 4 else "group6"]
    out = world.receive("r1", inner, target="group", target_mac=mac)
    world.expect(out, ("a", inner), ("b", inner))
    world.expect(world.send("a", world.frame("a", "x")), ("r1", world.frame("a", "x")))


@pytest.mark.row("VX-10")
def test_another_group_is_not_ours(make):
    world = grouped(make)
    world.advance(3)
    other = "239.9.9.9" if world.v == 4 else "ff15::9"
    mac = "01:00:5e:09:09:09" if world.v == 4 else "33:33:00:00:00:09"
    out = world.receive("r1", world.broadcast("x"), target=other, target_mac=mac)
    assert out == []
    assert not world.knows("x")


@pytest.mark.row("VX-15")
def test_the_group_is_joined_confirmed_and_left(make):
    world = grouped(make)
    assert len(reports(world.advance(3))) == 2
    assert reports(world.advance(100)) == []
    asked = world.send("under", query(world.v))
    assert len(reports(asked + world.advance(11))) == 1
    world.vtep.set_overlay(world.red, group=None)
    assert len(reports(world.advance(3))) == 2
    asked = world.send("under", query(world.v))
    assert reports(asked + world.advance(11)) == []


@pytest.mark.row("VX-15")
def test_a_removed_overlay_leaves_its_group(make):
    world = grouped(make)
    world.advance(3)
    world.vtep.remove_overlay(world.red)
    assert len(reports(world.advance(3))) == 2
    assert world.engine.next_due is None or reports(world.advance(300)) == []


def test_a_group_of_the_other_family(world):
    with pytest.raises(ValueError, match="group"):
        world.vtep.set_overlay(world.red, group=ADDRESSES["group"][world.v == 4])


# -- the rate ---------------------------------------------------------------------------------------------------------------


def test_floods_have_a_rate_and_known_unicast_has_none(make):
    world = make(settings={"flood_rate": 100}, peers=("r1",))
    world.receive("r1", world.broadcast("x"))
    sent = 0
    for _ in range(1000):
        world.now += SECOND // 100
        sent += len([one for one in world.send("a", *[world.broadcast("a")] * 3) if one.port == "under"])
    assert 990 <= sent <= 1100
    assert world.drops()["flood limit"] == 3000 - sent
    out = world.send("a", *[world.frame("a", "x")] * 300)
    assert len(out) == 300


def test_each_overlay_has_its_own_rate(v):
    world = Overlays(v, blue=True, peers=("r1",), settings={"flood_rate": 10})
    world.send("a", *[world.broadcast("a")] * 300)
    inner = world.broadcast("c")
    world.expect(world.send("c", inner), ("d", inner), ("r1 blue", inner))


def test_no_rate_on_demand(make):
    world = make(settings={"flood_rate": 0}, peers=("r1",))
    out = world.send("a", *[world.broadcast("a")] * 30_000)
    assert len([one for one in out if one.port == "under"]) == 30_000


# -- loops ------------------------------------------------------------------------------------------------------------------


def test_a_loop_over_the_wire_is_bounded_by_the_rate(make):
    """A wrongly wired peer sends every flooded frame back as if it came from a station of its own: 10 s of that."""
    rate = 200
    world = make(settings={"flood_rate": rate}, peers=("r1",))
    first = world.broadcast("a")
    circling = [first]
    packed = functools.cache(lambda inner: world.tunneled("r1", inner))
    crossed = 0
    for _ in range(1000):
        world.now += SECOND // 100
        out = world.send("a", *circling)
        tunneled = [outer.read(one.frame).inner for one in out if one.port == "under"]
        crossed += len(tunneled)
        # The far side bridges both ends of it together and floods it twice.
        back = world.send("under", *map(packed, tunneled * 2)) if tunneled else []
        circling = [one.frame for one in back if one.port == "b"][:500] or [first]
    assert crossed <= rate * 10 + rate + 10
    assert world.drops()["flood limit"] > 0
    assert len(world.bridges["red"].moving(world.now)) == 1


def test_a_loop_inside_one_engine_ends(v):
    """Two VTEPs of one engine back to back, and their bridges joined by a wire as well: a frame to all would circle for ever."""
    world = Overlays(v, peers=())
    engine = world.engine
    addresses = ["192.0.2.11/24", "2001:db8::11/64"]
    second = Vtep(engine, "second", mac=number(UNDERLAY_MACS["r1"]), addresses=addresses, arp=False)
    bridge = Bridge(engine, "far")
    port = MemoryPort(engine, "y", outbox=world.outbox)
    port.lead_to(bridge, bridge.add_member(port))
    world.names[port.index] = "y"
    overlay = second.add_overlay("far", bridge, 100, local=world.at("r1"))
    world.vtep.add_peer(world.red, world.at("r1"))
    second.add_peer(overlay, world.at("us"))
    second.add_neighbor(world.at("us"), number(UNDERLAY_MACS["us"]))
    world.vtep.lead(second, 0)
    second.lead(world.vtep, 0)
    inner = world.frame("a", BROADCAST)
    out = world.send("a", inner)
    assert [(one.port, one.frame) for one in out] == [("b", inner), ("y", inner)]
    # The wire between the bridges: each is a member of the other.
    here, there = len(world.bridges["red"].names), len(bridge.names)
    world.bridges["red"].add_member(bridge, target_input=there)
    bridge.add_member(world.bridges["red"], target_input=here)
    out = world.send("a", *[inner] * 20)
    assert len(out) < 20 * 16_384
    assert set(world.drops()) & {"hop budget", "turn budget", "flood limit"}
    assert world.engine.held == 0
    world.assert_balanced()
