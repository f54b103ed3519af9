"""What is left undone about a frame crosses a tunnel: checksums, super-frames; and no octet is copied on the way."""

import pytest
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Ether
from scapy.packet import Raw

from tests.vxlan.overlay_plan import STATIONS, inside
from tests.vxlan.overlay_world import Overlays


@pytest.mark.parametrize("n", [1, 300])
def test_known_unicast_copies_nothing(world, n):
    world.receive("r1", world.broadcast("x"))
    world.send("a", world.broadcast("a"))
    before = world.counters()["bytes_copied"]
    out = world.send("a", *[world.sized("a", "x", 1400)] * n)
    assert len(out) == n
    out = world.receive("r1", *[world.sized("x", "a", 1400)] * n)
    assert len(out) == n
    assert world.counters()["bytes_copied"] == before


def test_counters_tell_what_was_done(world):
    world.receive("r1", world.broadcast("x"))
    world.send("a", world.broadcast("a"), world.frame("a", "x"))
    counters = world.counters()
    assert counters["decapsulated"] == 1
    assert counters["encapsulated"] == 3
    assert counters["replicated"] == 1
    assert counters["bytes_copied"] > 0, "a copy for the second peer"


def test_tunnels_tell_their_traffic(world):
    inner = world.broadcast("x")
    world.receive("r1", inner)
    world.send("a", world.frame("a", "x"))
    rows = world.vtep.tunnels(world.now)
    moved = [(int(row["in_frames"]), int(row["out_frames"])) for row in rows if int(row["in_frames"])]
    assert moved == [(1, 1)]


@pytest.mark.parametrize("family", [4, 6])
@pytest.mark.parametrize("protocol", [TCP, UDP])
def test_a_partial_checksum_is_completed_for_an_outside_that_cannot(world, family, protocol):
    """A memory port has no offloads: whatever a frame from it says is complete already, and stays so through the tunnel."""
    world.receive("r1", world.broadcast("x"))
    head = (IP if family == 4 else IPv6)(src=inside("a", family), dst=inside("x", family))
    inner = bytes(Ether(src=STATIONS["a"], dst=STATIONS["x"]) / head / protocol(sport=1, dport=2) / Raw(bytes(100)))
    world.expect(world.send("a", inner), ("r1", inner))


def test_results_do_not_depend_on_bursts(v):
    """DESIGN, idea 3: one after another or all at once."""
    frames = [Overlays(v).frame("a", ("x", "y", "b")[n % 3], bytes([n]), sport=n) for n in range(60)]
    worlds = [Overlays(v) for _ in range(2)]
    for world in worlds:
        world.receive("r1", world.broadcast("x"))
        world.receive("r2", world.broadcast("y"))
        world.send("b", world.broadcast("b"))
    at_once = worlds[0].send("a", *frames)
    one_by_one = [one for frame in frames for one in worlds[1].send("a", frame)]
    assert sorted(map(repr, at_once)) == sorted(map(repr, one_by_one))
