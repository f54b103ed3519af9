"""VX-12 where the host routes: what its stack says of a path's MTU is told to inner senders; what a wire says is not believed."""

import pytest
from scapy.layers.inet import ICMP, IP, UDP
from scapy.layers.inet6 import ICMPv6PacketTooBig, IPv6
from scapy.layers.l2 import Ether
from scapy.packet import Raw

from tests.vxlan.overlay_plan import BEFORE, UNDERLAY_MACS
from tests.vxlan.overlay_world import Overlays

HOST = {"vtep": {"any_hop": True}, "ask": False}


def known(world: Overlays) -> Overlays:
    world.receive("r1", world.broadcast("x"))
    world.receive("r2", world.broadcast("y"))
    return world


def narrow(world: Overlays, peer: str, mtu: int, *, source: str = "us", dport: int = 4789) -> bytes:
    """The error about a tunnel packet to this peer."""
    header = (IP if world.v == 4 else IPv6)(src=world.at(source), dst=world.at(peer))
    quoted = header / UDP(sport=50000, dport=dport) / Raw(bytes(20))
    ether = Ether(src=UNDERLAY_MACS["gw"], dst=UNDERLAY_MACS["us"])
    if world.v == 4:
        return bytes(ether / IP(src=world.at("gw"), dst=world.at("us")) / ICMP(type=3, code=4, nexthopmtu=mtu) / quoted)
    return bytes(ether / IPv6(src=world.at("gw"), dst=world.at("us")) / ICMPv6PacketTooBig(mtu=mtu) / quoted)


def mtu_told(world: Overlays, frame: bytes) -> int:
    """Of the error that comes back by this frame's port."""
    (out,) = world.send("a", frame)
    assert out.port == "a"
    error = Ether(out.frame)
    return int(error[ICMP].nexthopmtu if ICMP in error else error[ICMPv6PacketTooBig].mtu)


@pytest.mark.row("VX-12")
@pytest.mark.parametrize("family", [4, 6])
def test_who_sends_to_that_peer_is_told(make, family):
    """Exactly what the path takes passes, one octet more does not; other peers are as before."""
    world = known(make(**HOST))
    assert world.send("under", narrow(world, "r1", 1400)) == []
    inside = 1400 - BEFORE[world.v]
    fits = world.sized("a", "x", inside, family)
    world.expect(world.send("a", fits), ("r1", fits))
    assert mtu_told(world, world.sized("a", "x", inside + 1, family)) == inside
    other = world.sized("a", "y", 1500 - BEFORE[world.v], family)
    world.expect(world.send("a", other), ("r2", other))
    assert (world.counters()["narrowed"], world.counters()["told"]) == (1, 1)


@pytest.mark.row("VX-12")
def test_it_is_forgotten_after_ten_minutes(make):
    world = known(make(**HOST, bridge={"ageing": 3600 * 10**9}))
    world.send("under", narrow(world, "r1", 1300))
    large = world.sized("a", "x", 1500 - BEFORE[world.v])
    assert mtu_told(world, large) == 1300 - BEFORE[world.v]
    world.advance(599)
    assert mtu_told(world, large) == 1300 - BEFORE[world.v]
    world.advance(2)
    world.expect(world.send("a", large), ("r1", large))


@pytest.mark.row("VX-12")
def test_all_overlays_of_that_peer_are_told(make):
    world = make(**HOST, blue=True)
    known(world)
    world.receive("r1", world.broadcast("x"), overlay="blue")
    world.send("under", narrow(world, "r1", 1400))
    assert world.counters()["narrowed"] == 2
    (out,) = world.send("c", world.sized("c", "x", 1450))
    assert out.port == "c"


@pytest.mark.row("VX-12")
@pytest.mark.parametrize(("mtu", "told"), [(0, 128), (68, 128), (1499, 1499), (1500, None), (9000, None)])
def test_no_wider_than_the_underlay_and_no_narrower_than_an_underlay_may_be(make, mtu, told):
    world = known(make(**HOST))
    world.send("under", narrow(world, "r1", mtu))
    large = world.sized("a", "x", 1500 - BEFORE[world.v])
    if told is None:
        world.expect(world.send("a", large), ("r1", large))
    else:
        assert mtu_told(world, large) == told - BEFORE[world.v]


@pytest.mark.row("VX-12")
@pytest.mark.parametrize(
    ("peer", "how"), [("r1", {"source": "nowhere"}), ("nowhere", {}), ("r1", {"dport": 53})], ids=["source", "peer", "port"]
)
def test_what_is_about_other_packets_changes_nothing(make, peer, how):
    world = known(make(**HOST))
    world.send("under", narrow(world, peer, 1300, **how))
    large = world.sized("a", "x", 1500 - BEFORE[world.v])
    world.expect(world.send("a", large), ("r1", large))


@pytest.mark.row("VX-12")
def test_a_vtep_that_is_a_station_of_its_own_believes_nobody(world):
    """Its quote is easily made up, and would shrink the overlay for all."""
    known(world)
    world.send("under", narrow(world, "r1", 1300))
    large = world.sized("a", "x", 1500 - BEFORE[world.v])
    world.expect(world.send("a", large), ("r1", large))
    assert world.counters()["narrowed"] == 0


@pytest.mark.row("VX-12")
def test_errors_cut_anywhere(make):
    """None is read beyond its end."""
    world = known(make(**HOST))
    whole = narrow(world, "r1", 1300)
    for n in range(14, len(whole)):
        world.send("under", whole[:n])
    assert world.counters()["narrowed"] <= len(whole)
