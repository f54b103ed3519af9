"""VX-14 to VX-17 and VX-22: who learns what from whom, and where frames go (RFC 7348, 4.1 and 4.2; 802.1D, 7.8)."""

import pytest

from tests.fastpath.outside import BROADCAST, number
from tests.vxlan.overlay_plan import STATIONS
from tests.vxlan.overlay_world import Overlays

IPV4_GROUP, IPV6_GROUP = "01:00:5e:01:02:03", "33:33:00:00:00:fb"


@pytest.mark.row("VX-14")
def test_a_remote_station_is_learned_with_its_vtep(world):
    inner = world.frame("x", "a")
    world.expect(world.receive("r1", inner), ("a", inner), ("b", inner))
    answer = world.frame("a", "x")
    world.expect(world.send("a", answer), ("r1", answer))
    world.expect(world.send("b", world.frame("b", "x")), ("r1", world.frame("b", "x")))


@pytest.mark.row("VX-14")
@pytest.mark.parametrize("to", [BROADCAST, IPV4_GROUP, IPV6_GROUP])
def test_it_is_learned_from_frames_to_all_as_well(world, to):
    world.receive("r2", world.frame("x", to))
    world.expect(world.send("a", world.frame("a", "x")), ("r2", world.frame("a", "x")))


@pytest.mark.row("VX-14")
def test_a_known_local_station_gets_it_alone(world):
    world.send("a", world.broadcast("a"))
    inner = world.frame("x", "a")
    world.expect(world.receive("r1", inner), ("a", inner))


@pytest.mark.row("VX-14")
def test_a_vtep_that_nobody_told_us_of_teaches_too(world):
    """RFC 7348, 4.1: learning is from the outer source, whoever that is."""
    inner = world.frame("x", "a")
    world.expect(world.receive("stranger", inner), ("a", inner), ("b", inner))
    world.expect(world.send("a", world.frame("a", "x")), ("stranger", world.frame("a", "x")))
    flooded = world.broadcast("a")
    world.expect(world.send("a", flooded), ("b", flooded), ("r1", flooded), ("r2", flooded))


@pytest.mark.row("VX-15")
@pytest.mark.parametrize(
    "to", [BROADCAST, IPV4_GROUP, IPV6_GROUP, STATIONS["z"]], ids=["broadcast", "ipv4 group", "ipv6 group", "unknown"]
)
def test_what_goes_to_all_goes_to_local_ports_and_once_to_each_peer(world, to):
    inner = world.frame("a", to)
    world.expect(world.send("a", inner), ("b", inner), ("r1", inner), ("r2", inner))


@pytest.mark.row("VX-15")
def test_in_order_and_once_each(world):
    frames = [world.frame("a", BROADCAST, bytes([n])) for n in range(200)]
    out = world.send("a", *frames)
    world.expect(out, *((port, frame) for port in ("b", "r1", "r2") for frame in frames))


@pytest.mark.row("VX-15")
def test_peers_come_and_go(world):
    world.vtep.add_peer(world.red, world.at("r3"))
    inner = world.broadcast("a")
    world.expect(world.send("a", inner), ("b", inner), ("r1", inner), ("r2", inner), ("r3", inner))
    world.vtep.remove_peer(world.red, world.at("r1"))
    world.expect(world.send("a", inner), ("b", inner), ("r2", inner), ("r3", inner))
    with pytest.raises(ValueError, match="no peer"):
        world.vtep.remove_peer(world.red, world.at("r1"))


@pytest.mark.row("VX-15")
def test_without_peers_only_local_ports_get_it(make):
    world = make(peers=())
    inner = world.broadcast("a")
    world.expect(world.send("a", inner), ("b", inner))
    assert world.drops() == {"no peer": 1}


@pytest.mark.row("VX-15")
def test_a_peer_that_gets_no_floods_gets_what_is_for_its_stations(make):
    world = make(peers=("r1",))
    world.vtep.add_peer(world.red, world.at("r2"), flood=False)
    inner = world.broadcast("a")
    world.expect(world.send("a", inner), ("b", inner), ("r1", inner))
    world.receive("r2", world.frame("x", "a"))
    world.expect(world.send("a", world.frame("a", "x")), ("r2", world.frame("a", "x")))


@pytest.mark.row("VX-16")
@pytest.mark.parametrize("known", [False, True])
def test_nothing_from_a_tunnel_goes_into_a_tunnel(world, known):
    """Broadcast, unknown and known at another VTEP, known at the same one."""
    if known:
        world.receive("r1", world.frame("y", BROADCAST))
        world.receive("r2", world.frame("z", BROADCAST))
    for inner, local in (
        (world.frame("x", BROADCAST), True),
        (world.frame("x", IPV6_GROUP), True),
        (world.frame("x", "z"), not known),
        (world.frame("x", "y"), not known),
    ):
        wanted = [(port, inner) for port in ("a", "b")] if local else []
        world.expect(world.receive("r1", inner), *wanted)
    reasons = set(world.drops())
    assert reasons <= ({"split horizon", "same port"} if known else set())


@pytest.mark.row("VX-16")
def test_two_overlays_on_one_bridge_are_two_tunnels(v):
    """What comes by one VNI does not leave by another: both are tunnels to the bridge."""
    world = Overlays(v, peers=("r1",))
    second = world.vtep.add_overlay("second", world.bridges["red"], 200, local=world.at("us"))
    world.vtep.add_peer(second, world.at("r2"))
    inner = world.broadcast("x")
    world.expect(world.receive("r1", inner), ("a", inner), ("b", inner))
    world.expect(world.receive("r2", inner, vni=200), ("a", inner), ("b", inner))
    local = world.broadcast("a")
    assert sorted(name for name, _ in world.told(world.send("a", local))) == ["b", "r1", "r2 blue"]


@pytest.mark.row("VX-17")
def test_a_station_moves_as_its_last_frame_says(world):
    """R1 to R2, remote to local, local to remote."""
    to_x = world.frame("a", "x")
    world.receive("r1", world.broadcast("x"))
    world.expect(world.send("a", to_x), ("r1", to_x))
    world.receive("r2", world.broadcast("x"))
    world.expect(world.send("a", to_x), ("r2", to_x))
    world.send("b", world.frame("x", BROADCAST))
    world.expect(world.send("a", to_x), ("b", to_x))
    world.receive("r1", world.broadcast("x"))
    world.expect(world.send("a", to_x), ("r1", to_x))


@pytest.mark.row("VX-17")
def test_a_station_ages_out(make):
    world = make(bridge={"ageing": 10 * 10**9})
    to_x = world.frame("a", "x")
    world.receive("r1", world.broadcast("x"))
    world.advance(6)
    world.expect(world.send("a", to_x), ("r1", to_x))
    world.advance(6)
    world.expect(world.send("a", to_x), ("b", to_x), ("r1", to_x), ("r2", to_x))
    assert not world.knows("x")


@pytest.mark.row("VX-17")
def test_learning_can_be_off(make):
    world = make(settings={"learn": False})
    world.receive("r1", world.broadcast("x"))
    assert not world.knows("x")
    to_x = world.frame("a", "x")
    world.expect(world.send("a", to_x), ("b", to_x), ("r1", to_x), ("r2", to_x))
    world.send("a", world.broadcast("a"))
    assert world.knows("a"), "local stations are the bridge's own business"


@pytest.mark.row("VX-17")
def test_learning_switched_while_it_runs(world):
    world.vtep.set_overlay(world.red, learn=False)
    world.receive("r1", world.broadcast("x"))
    assert not world.knows("x")
    world.vtep.set_overlay(world.red, learn=True)
    world.receive("r1", world.broadcast("x"))
    assert world.knows("x")


@pytest.mark.row("VX-22")
@pytest.mark.parametrize("source", ["01:00:5e:00:00:05", "33:33:00:00:00:01", BROADCAST, "00:00:00:00:00:00"])
def test_a_source_that_is_no_station_is_not_learned(world, source):
    inner = world.frame("x", "a")
    inner = inner[:6] + bytes.fromhex(source.replace(":", "")) + inner[12:]
    world.vanishes("under", world.tunneled("r1", inner), "invalid source")
    assert number(source) not in {int(row["mac"]) for row in world.bridges["red"].stations(world.now)}


@pytest.mark.row("VX-22")
def test_our_own_address_as_outer_source_teaches_nothing(world):
    world.vanishes("under", world.tunneled("us", world.frame("x", "a"), source_mac=STATIONS["z"]), "martian source")
    assert not world.knows("x")


@pytest.mark.row("VX-22")
def test_vnis_are_apart(both):
    """The same station, at other places in each."""
    both.receive("r1", both.broadcast("x"))
    both.receive("r2", both.broadcast("x"), overlay="blue")
    to_x = both.frame("a", "x")
    both.expect(both.send("a", to_x), ("r1", to_x))
    to_x = both.frame("c", "x")
    both.expect(both.send("c", to_x), ("r2 blue", to_x))
    everybody = both.broadcast("a")
    both.expect(both.send("a", everybody), ("b", everybody), ("r1", everybody), ("r2", everybody))


@pytest.mark.row("VX-22")
def test_a_peer_of_one_overlay_is_none_of_the_other(v):
    world = Overlays(v, blue=True, peers=())
    world.vtep.add_peer(world.overlays["red"], world.at("r1"))
    world.vtep.add_peer(world.overlays["blue"], world.at("r2"))
    red, blue = world.broadcast("a"), world.broadcast("c")
    world.expect(world.send("a", red), ("b", red), ("r1", red))
    world.expect(world.send("c", blue), ("d", blue), ("r2 blue", blue))
