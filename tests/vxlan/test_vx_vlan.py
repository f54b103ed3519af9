"""VX-18: VLAN tags of inner frames (RFC 7348, 6.1): the RFC's way by default, kept on demand as Linux does."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.vxlan.overlay_world import Overlays

TAGS = {
    "802.1Q": b"\x81\0\0\5",
    "priority": b"\x81\0\xe0\0",
    "802.1ad": b"\x88\xa8\0\7",
    "QinQ": b"\x88\xa8\0\7\x81\0\0\5",
    "three": b"\x81\0\0\1\x81\0\0\2\x81\0\0\3",
}


def tagged(frame: bytes, tag: str) -> bytes:
    return frame[:12] + TAGS[tag] + frame[12:]


@pytest.mark.row("VX-18")
@pytest.mark.parametrize("tag", TAGS)
def test_a_tag_is_stripped_on_send(world, tag):
    plain = world.broadcast("a")
    inner = tagged(plain, tag)
    world.expect(world.send("a", inner), ("b", inner), ("r1", plain), ("r2", plain))


@pytest.mark.row("VX-18")
@pytest.mark.parametrize("tag", TAGS)
def test_so_it_is_towards_a_known_station(world, tag):
    world.receive("r1", world.broadcast("x"))
    plain = world.frame("a", "x")
    world.expect(world.send("a", tagged(plain, tag)), ("r1", plain))


@pytest.mark.row("VX-18")
@pytest.mark.parametrize("tag", TAGS)
def test_what_comes_with_a_tag_is_discarded(world, tag):
    world.vanishes("under", world.tunneled("r1", tagged(world.frame("x", "a"), tag)), "inner vlan")
    assert not world.knows("x")


@pytest.mark.row("VX-18")
@pytest.mark.parametrize("tag", TAGS)
def test_keep_keeps_it_both_ways(make, tag):
    world = make(settings={"inner_vlan": "keep"})
    inner = tagged(world.frame("x", "a"), tag)
    world.expect(world.receive("r1", inner), ("a", inner), ("b", inner))
    inner = tagged(world.frame("a", "x"), tag)
    world.expect(world.send("a", inner), ("r1", inner))


@pytest.mark.row("VX-18")
@settings(deadline=None)
@given(st.integers(0, 8), st.sampled_from([4, 6]))
def test_a_tag_cut_short(n, v):
    """Nothing but tags, or half a tag behind addresses: no frame to send."""
    world = Overlays(v)
    whole = world.broadcast("a")
    cut = whole[:12] + (b"\x81\0\0\5" * 3)[: 2 + n]
    for one in world.send("a", cut):
        assert one.port == "b" or len(one.frame) >= 14


@pytest.mark.row("VX-18")
def test_the_way_is_changed_while_it_runs(world):
    world.receive("r1", world.broadcast("x"))
    plain = world.frame("a", "x")
    world.vtep.set_overlay(world.red, inner_vlan="keep")
    world.expect(world.send("a", tagged(plain, "802.1Q")), ("r1", tagged(plain, "802.1Q")))
    world.vtep.set_overlay(world.red)
    world.expect(world.send("a", tagged(plain, "802.1Q")), ("r1", plain))
