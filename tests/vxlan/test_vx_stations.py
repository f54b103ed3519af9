"""Programmed stations, permitted peers, spoofed ones, and what is reported: moves, and addresses claimed twice."""

import pytest
from scapy.layers.inet6 import ICMPv6ND_NA
from scapy.layers.l2 import ARP, Ether

from tests.fastpath import questions
from tests.fastpath.outside import BROADCAST, number
from tests.vxlan.overlay_plan import STATIONS, inside
from tests.vxlan.overlay_world import Overlays


def programmed(make, **settings) -> Overlays:
    """As Docker's overlay: nothing is learned, nothing unknown is flooded; x is behind r1, y behind r2."""
    world = make(settings={"learn": False, "unknown": False, **settings})
    for name, peer in (("x", "r1"), ("y", "r2")):
        world.vtep.add_station(world.red, number(STATIONS[name]), world.at(peer), [inside(name), inside(name, 6)])
    return world


def asks(src: str, target: str, family: int) -> bytes:
    """Who has the target?"""
    if family == 4:
        return bytes(Ether(src=STATIONS[src], dst=BROADCAST) / ARP(hwsrc=STATIONS[src], psrc=inside(src), pdst=inside(target)))
    packet = questions.ask6(1, inside(src, 6), inside(target, 6), option=False)
    packet.src = STATIONS[src]
    return bytes(packet)


@pytest.mark.row("VX-14", "VX-17")
def test_a_programmed_station_is_where_it_was_said_to_be(make):
    world = programmed(make)
    to_x = world.frame("a", "x")
    world.expect(world.send("a", to_x), ("r1", to_x))
    world.receive("r2", world.broadcast("x"))
    world.expect(world.send("a", to_x), ("r1", to_x))
    world.advance(1000)
    world.expect(world.send("a", to_x), ("r1", to_x))


def test_unknown_unicast_is_dropped_and_groups_are_not(make):
    world = programmed(make)
    to_z = world.frame("a", "z")
    world.expect(world.send("a", to_z), ("b", to_z))
    assert world.drops() == {"unknown station": 1}
    inner = world.broadcast("a")
    world.expect(world.send("a", inner), ("b", inner), ("r1", inner), ("r2", inner))


@pytest.mark.parametrize("family", [4, 6])
def test_questions_for_programmed_stations_are_answered_here(make, family):
    world = programmed(make)
    out = world.send("a", asks("a", "x", family))
    assert sorted(one.port for one in out) == ["a", "b"], "the question is flooded locally, the answer is for who asked"
    (answer,) = [Ether(one.frame) for one in out if one.port == "a"]
    assert (answer.src, answer.dst) == (STATIONS["x"], STATIONS["a"])
    assert (answer[ARP].psrc if family == 4 else answer[ICMPv6ND_NA].tgt) == inside("x", family)
    assert world.counters()["answered"] == 1


@pytest.mark.parametrize("family", [4, 6])
def test_questions_for_others_go_to_all(make, family):
    world = programmed(make)
    question = asks("a", "z", family)
    world.expect(world.send("a", question), ("b", question), ("r1", question), ("r2", question))


@pytest.mark.parametrize("family", [4, 6])
def test_questions_from_a_tunnel_are_for_local_stations(make, family):
    world = programmed(make)
    question = asks("z", "x", family)
    world.expect(world.receive("r2", question), ("a", question), ("b", question))


def test_a_station_that_is_taken_out(make):
    world = programmed(make)
    world.vtep.remove_station(world.red, number(STATIONS["x"]))
    to_x = world.frame("a", "x")
    world.expect(world.send("a", to_x), ("b", to_x))
    question = asks("a", "x", 4)
    world.expect(world.send("a", question), ("b", question), ("r1", question), ("r2", question))
    with pytest.raises(ValueError, match="no such station"):
        world.vtep.remove_station(world.red, number(STATIONS["x"]))


def test_a_station_is_told_to_be_elsewhere(make):
    world = programmed(make)
    world.vtep.add_station(world.red, number(STATIONS["x"]), world.at("r2"), [inside("x")])
    to_x = world.frame("a", "x")
    world.expect(world.send("a", to_x), ("r2", to_x))


def test_programmed_and_learned_together(make):
    """Learning stays on: what is not written down is learned; what is, stays."""
    world = make()
    world.vtep.add_station(world.red, number(STATIONS["x"]), world.at("r1"))
    world.receive("r2", world.broadcast("x"), world.broadcast("y"))
    world.expect(world.send("a", world.frame("a", "x")), ("r1", world.frame("a", "x")))
    world.expect(world.send("a", world.frame("a", "y")), ("r2", world.frame("a", "y")))


def test_stations_at_a_peer_that_gets_no_floods(make):
    """`add_station` alone makes the tunnel."""
    world = make(peers=("r1",))
    world.vtep.add_station(world.red, number(STATIONS["x"]), world.at("r3"), [inside("x")])
    inner = world.broadcast("a")
    world.expect(world.send("a", inner), ("b", inner), ("r1", inner))
    world.expect(world.send("a", world.frame("a", "x")), ("r3", world.frame("a", "x")))


def test_rows_tell_what_was_programmed(make):
    world = programmed(make)
    rows = world.vtep.stations()
    assert {int(row["mac"]) for row in rows} == {number(STATIONS["x"]), number(STATIONS["y"])}


# -- permitted peers --------------------------------------------------------------------------------------------------------


def test_only_permitted_peers_when_told_so(make):
    world = make(settings={"permitted_only": True})
    world.vanishes("under", world.tunneled("stranger", world.frame("x", "a")), "unknown peer")
    assert not world.knows("x")
    inner = world.frame("x", "a")
    world.expect(world.receive("r1", inner), ("a", inner), ("b", inner))


def test_a_permitted_peer_of_another_overlay_is_a_stranger_here(v):
    world = Overlays(v, blue=True, peers=(), settings={"permitted_only": True})
    world.vtep.add_peer(world.overlays["red"], world.at("r1"))
    world.vtep.add_peer(world.overlays["blue"], world.at("r2"))
    world.vanishes("under", world.tunneled("r2", world.frame("x", "a")), "unknown peer")


def test_a_spoofed_peer_without_permission_moves_nothing(make):
    world = make(settings={"permitted_only": True})
    world.receive("r1", world.broadcast("x"))
    world.receive("stranger", world.broadcast("x"))
    world.expect(world.send("a", world.frame("a", "x")), ("r1", world.frame("a", "x")))


def test_strangers_have_so_many_tunnels_and_no_more(make):
    """`spare`: who was longest silent goes, and its stations with it; frames pass whoever they come from."""
    world = make(settings={"spare": 4})
    for n in range(10):
        world.now += 10**9
        world.vtep.add_neighbor(("192.0.2.%d", "2001:db8::%d")[world.v == 6] % (100 + n), number("02:00:5e:00:00:77"))
        address = ("192.0.2.%d", "2001:db8::%d")[world.v == 6] % (100 + n)
        inner = world.frame("x", "a")
        inner = inner[:6] + bytes([2, 0, 0, 1, 0, n]) + inner[12:]
        assert [one.port for one in world.send("under", world.tunneled(address, inner))] == ["a", "b"]
    known = [int(row["mac"]) & 0xFF for row in world.bridges["red"].stations(world.now) if int(row["mac"]) >> 16 == 0x02000001]
    assert sorted(known) == [6, 7, 8, 9]


# -- reports ----------------------------------------------------------------------------------------------------------------


def test_a_station_that_keeps_moving_is_reported(world):
    for _ in range(20):
        world.receive("r1", world.broadcast("x"))
        world.send("a", world.frame("x", BROADCAST))
    rows = world.bridges["red"].moving(world.now)
    assert [int(row["mac"]) for row in rows] == [number(STATIONS["x"])]
    assert int(rows[0]["moves"]) >= 30


def test_a_station_that_moved_once_is_not(world):
    world.receive("r1", world.broadcast("x"))
    world.receive("r2", world.broadcast("x"))
    assert len(world.bridges["red"].moving(world.now)) == 0


@pytest.mark.parametrize("family", [4, 6])
def test_an_address_claimed_twice_is_reported(world, family):
    """By a local station and one behind a tunnel; by two behind tunnels."""

    def says(name: str) -> bytes:
        if family == 4:
            claim = ARP(op=1, hwsrc=STATIONS[name], psrc=inside("z"), pdst=inside("z"))
            return bytes(Ether(src=STATIONS[name], dst=BROADCAST) / claim)
        packet = questions.tell6(1, inside("z", 6), option=False)
        packet.src = STATIONS[name]
        return bytes(packet)

    world.send("a", says("a"))
    assert len(world.vtep.reports(world.now)) == 0
    world.receive("r1", says("x"))
    rows = world.vtep.reports(world.now)
    assert len(rows) == 1
    assert {STATIONS["a"], STATIONS["x"]} == {
        int(value).to_bytes(6, "big").hex(":") for name in rows.dtype.names for value in [rows[0][name]]
        if name in ("mac", "other") or (hasattr(value, "dtype") and value.dtype == "u8" and int(value) >> 40 == 2)
    }  # fmt: skip


def test_a_removed_peers_stations_are_forgotten(world):
    world.receive("r1", world.broadcast("x"))
    world.vtep.remove_peer(world.red, world.at("r1"))
    assert not world.knows("x")
    to_x = world.frame("a", "x")
    world.expect(world.send("a", to_x), ("b", to_x), ("r2", to_x))


@pytest.mark.parametrize("wrong", ["us", "group", "0.0.0.0", "::", "127.0.0.1"])
def test_peers_that_cannot_be(world, wrong):
    with pytest.raises(ValueError, match=r"."):
        world.vtep.add_peer(world.red, world.at(wrong))


def test_a_peer_of_the_other_family(world):
    with pytest.raises(ValueError, match="family"):
        world.vtep.add_peer(world.red, "2001:db8::7" if world.v == 4 else "192.0.2.7")
