"""What tests/vxlan does not look at: tunnels for VTEPs that are heard of, settings changed, nodes that go, the bridge's side."""

import pytest
from scapy.layers.l2 import Ether

from fastpath import Bridge, Engine, MemoryPort, Outbox, Vtep
from tests.fastpath.outside import number
from tests.fastpath.switch import BROADCAST, Switch, frame, mac
from tests.vxlan.overlay_plan import STATIONS
from tests.vxlan.overlay_world import Overlays

ADDRESSES = ["192.0.2.1/24"]


def members(world: Overlays) -> int:
    return sum(name == "vtep" for name in world.bridges["red"].names)


# -- the bridge's members ---------------------------------------------------------------------------------------------------


def test_a_member_that_gets_no_floods():
    """BR-3: nothing unknown and nothing for all goes there; what is known to be there does."""
    switch = Switch(3, members={"c": {"flood": False}})
    assert switch.reached("a", frame(mac(1), BROADCAST)) == "b"
    assert switch.reached("a", frame(mac(1), mac(3))) == "b"
    assert switch.reached("c", frame(mac(3), BROADCAST)) == "ab"
    assert switch.reached("a", frame(mac(1), mac(3))) == "c"


def test_a_member_where_nothing_is_learned():
    switch = Switch(3, members={"c": {"learn": False}})
    switch.send("c", frame(mac(3), BROADCAST))
    assert switch.stations() == {}
    assert switch.reached("a", frame(mac(1), mac(3))) == "bc"
    switch.send("b", frame(mac(3), BROADCAST))
    switch.send("c", frame(mac(3), BROADCAST))
    assert switch.stations()[mac(3)] == "b"


def test_tunnels_exchange_nothing():
    """VX-16: two tunnels, by flood or known; a tunnel and an isolated member do, two isolated ones do not."""
    switch = Switch(4, members={"a": {"tunnel": True}, "b": {"tunnel": True}, "c": {"isolated": True}, "d": {"isolated": True}})
    assert switch.reached("a", frame(mac(1), BROADCAST)) == "cd"
    assert switch.reached("b", frame(mac(2), BROADCAST)) == "cd"
    assert switch.reached("c", frame(mac(3), BROADCAST)) == "ab"
    assert switch.reached("a", frame(mac(1), mac(2))) == ""
    assert switch.dropped() == {"split horizon": 1}
    switch.send("d", frame(mac(4), BROADCAST))
    assert switch.reached("c", frame(mac(3), mac(4))) == ""
    assert switch.dropped() == {"split horizon": 1, "isolated": 1}
    switch.bridge.set_member(switch.members["b"])
    assert switch.reached("a", frame(mac(1), mac(2))) == "b"


def test_members_without_floods_cost_no_burst():
    """The frames polled at a time are as many as can all be flooded: who gets no floods is no reason for fewer."""
    plain, more = Switch(4), Switch(4)
    for _ in range(2000):
        more.bridge.add_member(more.ports["a"], flood=False)
    for switch in (plain, more):
        switch.ports["a"].cycle([frame(mac(1), BROADCAST)])
    assert plain.engine.turn(1) == more.engine.turn(1) == 256


def test_a_station_that_moves_and_stays_is_no_loop():
    """Moves with pauses between them are not counted together."""
    switch = Switch(2)
    for second in range(0, 200, 20):
        switch.send("ab"[second // 20 % 2], frame(mac(1), BROADCAST), at=second)
        assert len(switch.bridge.moving(second * 10**9)) == 0
    for n in range(8):
        switch.send("ab"[n % 2], frame(mac(1), BROADCAST), at=200 + n)
    (row,) = switch.bridge.moving(208 * 10**9)
    assert (int(row["mac"]), {int(row["from"]), int(row["to"])}) == (1 + 0x020000000000, {0, 1})
    assert int(row["moves"]) >= 5
    assert len(switch.bridge.moving(300 * 10**9)) == 0


# -- tunnels for those that are heard of ------------------------------------------------------------------------------------


def heard(world: Overlays) -> dict[str, bool]:
    """Who has a tunnel, and whether it was given."""
    return {row["peer"]: row["kind"] == "peer" for row in world.vtep.tunnels(world.now) if row["peer"]}


def test_the_longest_silent_makes_room_and_its_stations_are_forgotten():
    """VX-14: two spare tunnels, three strangers: whoever takes one over gets nothing that was for the one before."""
    world = Overlays(4, peers=(), settings={"spare": 2})
    for name, peer in (("x", "r1"), ("y", "r2")):
        world.receive(peer, world.frame(name, "a"))
        world.advance(2)
    assert world.knows("x")
    world.receive("r3", world.frame("z", "a"))
    assert not world.knows("x")
    assert world.knows("y")
    assert world.knows("z")
    to_x = world.frame("a", "x")
    world.expect(world.send("a", to_x), ("b", to_x))
    to_z = world.frame("a", "z")
    world.expect(world.send("a", to_z), ("r3", to_z))
    assert set(heard(world)) == {world.at("r2"), world.at("r3")}


def test_what_was_under_way_to_one_does_not_go_to_the_other():
    """The bridge sent it before the tunnel changed hands, in the same turn."""
    world = Overlays(4, peers=(), settings={"spare": 1})
    world.receive("r1", world.frame("x", "a"))
    world.send("a", world.broadcast("a"))
    world.advance(3)
    world.ports["a"].push(world.frame("a", "x"))
    world.ports["under"].push(world.tunneled("r2", world.frame("y", "a")))
    world.expect(world.send("a"), ("a", world.frame("y", "a")))
    assert world.drops()["no peer"] == 2  # and the broadcast before
    for one in (world.frame("a", "y"), world.frame("a", "y", b"again")):
        world.expect(world.send("a", one), ("r2", one))


def test_who_spoke_just_now_keeps_its_tunnel():
    """A flood of made-up sources drives out nobody who is there; its frames are delivered, and teach nothing."""
    world = Overlays(4, peers=(), settings={"spare": 2})
    world.receive("r1", world.frame("x", "a"))
    world.receive("r2", world.frame("y", "a"))
    inner = world.frame("z", "a")
    world.send("a", world.broadcast("a"))
    world.expect(world.receive("r3", inner), ("a", inner))
    assert not world.knows("z")
    assert world.knows("x")
    assert world.counters()["unlearned"] == 1


def test_who_is_heard_of_becomes_a_peer_by_being_named():
    world = Overlays(4, peers=(), settings={"spare": 1})
    world.receive("r1", world.frame("x", "a"))
    assert heard(world) == {world.at("r1"): False}
    before = members(world)
    world.vtep.add_peer(world.red, world.at("r1"))
    assert heard(world) == {world.at("r1"): True}
    assert members(world) == before + 1
    assert world.knows("x")
    world.receive("r2", world.frame("y", "a"))
    assert heard(world) == {world.at("r1"): True, world.at("r2"): False}
    inner = world.broadcast("a")
    world.expect(world.send("a", inner), ("b", inner), ("r1", inner))


@pytest.mark.parametrize("settings", [{"permitted_only": True}, {"learn": False}])
def test_strangers_lose_their_tunnels_when_the_overlay_is_closed(settings):
    world = Overlays(4, peers=("r1",))
    world.receive("r2", world.frame("y", "a"))
    world.receive("r1", world.frame("x", "a"))
    world.vtep.set_overlay(world.red, **settings)
    assert heard(world) == {world.at("r1"): True}
    assert not world.knows("y")
    assert world.knows("x")


def test_a_known_station_of_a_peer_that_is_taken_out_and_comes_back():
    world = Overlays(4)
    world.receive("r1", world.frame("x", "a"))
    world.vtep.remove_peer(world.red, world.at("r1"))
    with pytest.raises(ValueError, match="has no peer"):
        world.vtep.remove_peer(world.red, world.at("r1"))
    world.receive("r1", world.frame("x", "a"))
    to_x = world.frame("a", "x")
    world.expect(world.send("a", to_x), ("r1", to_x))
    world.vtep.add_peer(world.red, world.at("r1"), flood=False)
    inner = world.broadcast("a")
    world.expect(world.send("a", inner), ("b", inner), ("r2", inner))


# -- errors, and nodes that go ----------------------------------------------------------------------------------------------


def test_tunnels_are_bounded():
    engine = Engine()
    bridge = Bridge(engine, "bridge")
    vtep = Vtep(engine, "vtep", mac=2 << 40, addresses=ADDRESSES, tunnels=10)
    with pytest.raises(OverflowError, match="too few tunnels"):
        vtep.add_overlay("o", bridge, 1, local="192.0.2.1", spare=10)
    assert bridge.names == []
    overlay = vtep.add_overlay("o", bridge, 1, local="192.0.2.1", spare=8)
    vtep.add_peer(overlay, "192.0.2.2")
    with pytest.raises(OverflowError, match="all 10 tunnels are in use"):
        vtep.add_peer(overlay, "192.0.2.3")
    vtep.remove_overlay(overlay)
    assert set(bridge.names) == {None}
    assert vtep.add_overlay("o", bridge, 1, local="192.0.2.1", spare=9) == overlay


def test_as_many_overlays_as_there_are_numbers_for_their_tunnels():
    """254 of them, each with 256 spare tunnels, as a Vtep is by default; numbers that come free are given again."""
    engine = Engine()
    vtep = Vtep(engine, "vtep", mac=2 << 40, addresses=ADDRESSES)
    bridges = [Bridge(engine, f"bridge {n}") for n in range(254)]
    overlays = [vtep.add_overlay(f"o{n}", bridge, n + 1, local="192.0.2.1") for n, bridge in enumerate(bridges)]
    assert [row["spare"] for row in vtep.overlays()] == [256] * 254
    with pytest.raises(OverflowError, match="too few tunnels"):
        vtep.add_overlay("more", Bridge(engine, "more"), 300, local="192.0.2.1")
    for n in (7, 100):
        vtep.remove_overlay(overlays[n])
        assert vtep.add_overlay("again", bridges[n], n + 1, local="192.0.2.1") == overlays[n]
    vtep.add_peer(overlays[100], "192.0.2.2")
    assert [str(row["peer"]) for row in vtep.tunnels(0) if row["peer"]] == ["192.0.2.2"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"mac": 0}, "MAC"), ({"mac": 1 << 40}, "MAC"), ({"addresses": []}, "an address at least"), ({"mtu": 100}, "mtu"),
        ({"addresses": ["224.0.0.1/4"]}, "no address"), ({"port": 0}, "port"), ({"tunnels": 0}, "tunnels"),
        ({"neighbors": 0}, "neighbors"),
    ],
)  # fmt: skip
def test_what_a_vtep_cannot_be(settings, message):
    """Nothing is left of it in the graph."""
    engine = Engine()
    with pytest.raises(ValueError, match=message):
        Vtep(engine, "vtep", **{"mac": 2 << 40, "addresses": ADDRESSES, **settings})
    Vtep(engine, "vtep", mac=2 << 40, addresses=ADDRESSES)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"ttl": 0}, "ttl"), ({"ttl": 256}, "ttl"), ({"dscp": 64}, "dscp"), ({"inner_vlan": "eat"}, "inner_vlan"),
        ({"mss": 10}, "mss"), ({"group": "192.0.2.9"}, "group"), ({"group": "ff15::1"}, "group"),
        ({"flood_rate": 10**9 + 1}, "flood_rate"), ({"limit": 1 << 29}, "limit"),
    ],
)  # fmt: skip
def test_settings_that_make_no_sense_change_nothing(settings, message):
    world = Overlays(4, settings={"ttl": 9})
    with pytest.raises(ValueError, match=message):
        world.vtep.set_overlay(world.red, **settings)
    world.receive("r1", world.frame("x", "a"))
    assert Ether(world.send("a", world.frame("a", "x"))[0].frame).ttl == 9
    with pytest.raises(ValueError, match=message):
        world.vtep.add_overlay("more", world.bridges["red"], 7, local=world.at("us"), **settings)


def test_what_is_taken_out_of_the_graph_leads_nowhere():
    """A bridge, or the underlay's port, goes first: frames to it end by name, and the overlay can still be removed."""
    engine, outbox = Engine(), Outbox()
    under, port = MemoryPort(engine, "under", outbox=outbox), MemoryPort(engine, "port", outbox=outbox)
    bridge = Bridge(engine, "bridge")
    port.lead_to(bridge, bridge.add_member(port))
    vtep = Vtep(engine, "vtep", mac=0x020000000001, addresses=ADDRESSES, arp=False)
    vtep.lead(under)
    under.lead_to(vtep)
    overlay = vtep.add_overlay("o", bridge, 1, local="192.0.2.1")
    vtep.add_neighbor("192.0.2.2", 0x020000000002)
    vtep.add_peer(overlay, "192.0.2.2")
    engine.remove(under)
    port.push(frame(mac(1), BROADCAST))
    engine.run_until_idle(1)
    assert [(row["name"], row["reason"]) for row in engine.drops() if row["scope"] == "node"] == [("unconnected", "unconnected")]
    engine.remove(bridge)
    vtep.remove_overlay(overlay)
    engine.remove(vtep)


def test_overlays_come_and_go_under_one_number(v):
    world = Overlays(v, blue=True)
    world.vtep.remove_overlay(world.overlays["red"])
    with pytest.raises(ValueError, match="has no overlay"):
        world.vtep.add_peer(world.red, world.at("r1"))
    again = world.vtep.add_overlay("red", world.bridges["red"], world.vnis["red"], local=world.at("us"))
    assert again == world.red
    world.vtep.add_peer(again, world.at("r1"))
    inner = world.broadcast("a")
    world.expect(world.send("a", inner), ("b", inner), ("r1", inner))
    assert [row["name"] for row in world.vtep.overlays()] == ["red", "blue"]


def test_a_station_programmed_again_leaves_no_tunnel_behind():
    """A tunnel that only its stations want goes with the last of them."""
    world = Overlays(4, peers=())
    for peer in ("r1", "r2", "r1"):
        world.vtep.add_station(world.red, number(STATIONS["x"]), world.at(peer))
        assert heard(world) == {world.at(peer): True}
    world.vtep.remove_station(world.red, number(STATIONS["x"]))
    assert heard(world) == {}
