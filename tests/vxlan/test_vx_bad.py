"""VX-10, VX-11, VX-13: what is not for us, what is cut short or lies, and fragments; the next packet is always fine."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scapy.layers.inet import IPOption_Router_Alert
from scapy.layers.inet6 import IPv6ExtHdrFragment, IPv6ExtHdrHopByHop, RouterAlert

from tests.fastpath.outside import octets
from tests.vxlan import outer
from tests.vxlan.overlay_plan import BEFORE, STATIONS
from tests.vxlan.overlay_world import Overlays

# What a datagram of a wrong length is, depending on how wrong.
TOO_SHORT = ("bad transport", "bad vxlan header", "bad checksum", "runt")


def assert_works(world: Overlays) -> None:
    """The next packet is fine."""
    inner = world.frame("y", "a", b"still here")
    world.expect(world.receive("r2", inner), ("a", inner), ("b", inner))


@pytest.mark.row("VX-10")
def test_a_vni_that_is_not_configured(world):
    world.vanishes("under", world.tunneled("r1", world.frame("x", "a"), vni=101), "unknown vni")
    assert not world.knows("x")
    assert_works(world)


@pytest.mark.row("VX-10")
def test_another_destination(world):
    out = world.send("under", world.tunneled("r1", world.frame("x", "a"), target="r3"))
    assert out == []
    assert not world.knows("x")
    assert_works(world)


@pytest.mark.row("VX-10")
def test_another_mac_address(world):
    world.send("under", world.tunneled("r1", world.frame("x", "a"), target_mac="02:00:5e:00:00:77"))
    assert not world.knows("x")
    assert_works(world)


@pytest.mark.row("VX-10")
def test_an_address_of_ours_that_is_not_the_overlays(world):
    """Each overlay lives at one address."""
    out = world.send("under", world.tunneled("r1", world.frame("x", "a"), target="us too"))
    assert [one for one in out if one.port != "under"] == []
    assert not world.knows("x")
    assert_works(world)


@pytest.mark.row("VX-10")
def test_a_removed_overlay(both):
    both.vtep.remove_overlay(both.overlays["blue"])
    both.vanishes("under", both.tunneled("r1", both.frame("x", "c"), "blue"), "unknown vni")
    assert_works(both)
    assert [one.port for one in both.send("c", both.broadcast("c"))] == ["d"]


@pytest.mark.row("VX-11")
@pytest.mark.parametrize("n", range(8))
def test_a_payload_shorter_than_the_header(world, n):
    world.vanishes("under", world.tunneled("r1", b"", payload=outer.header(100)[:n]), "bad vxlan header", "bad transport", "runt")
    assert_works(world)


@pytest.mark.row("VX-11")
@pytest.mark.parametrize("n", range(14))
def test_an_inner_frame_shorter_than_a_header(world, n):
    world.vanishes("under", world.tunneled("r1", world.frame("x", "a")[:n]), "runt", "bad vxlan header")
    assert not world.knows("x")
    assert_works(world)


@pytest.mark.row("VX-11")
@pytest.mark.parametrize("length", [0, 7, 8, 15, 29, 1000, 65535])
def test_a_udp_length_that_does_not_fit(world, length):
    """Shorter than what has to be in it, or longer than the packet."""
    world.vanishes("under", world.tunneled("r1", world.frame("x", "a"), length=length), *TOO_SHORT)
    assert not world.knows("x")
    assert_works(world)


@pytest.mark.row("VX-11")
def test_what_lies_behind_the_udp_datagram_is_no_part_of_the_frame():
    """A packet may be longer than its datagram, as with Linux: the rest is not ours to read."""
    world = Overlays(4)
    inner = world.frame("x", "a")
    world.expect(world.receive("r1", inner + b"rest", length=len(inner) + 16), ("a", inner), ("b", inner))


BAD_HEADERS = {
    "version": (0, 0x55),
    "header length": (0, 0x44),
    "total length": (2, 0xFF),
    "header checksum": (10, 0xEE),
}


@pytest.mark.row("VX-11")
@pytest.mark.parametrize("field", BAD_HEADERS)
def test_a_wrong_ipv4_header(field):
    world = Overlays(4)
    at, value = BAD_HEADERS[field]
    packet = bytearray(world.tunneled("r1", world.frame("x", "a")))
    packet[14 + at] = value
    world.vanishes("under", bytes(packet), "bad ip header", "bad ip length", "bad ip checksum", "not ip")
    assert_works(world)


@pytest.mark.row("VX-11")
@pytest.mark.parametrize("ttl", [1, 2, 255])
def test_any_ttl_is_good_at_the_end_of_the_way(world, ttl):
    inner = world.frame("x", "a")
    world.expect(world.receive("r1", inner, ttl=ttl), ("a", inner), ("b", inner))


@pytest.mark.row("VX-11")
def test_options_and_extension_headers_are_accepted(world):
    """RFC 1812, 5.2.2: they are measured, and passed over."""
    option = IPOption_Router_Alert() if world.v == 4 else IPv6ExtHdrHopByHop(options=[RouterAlert()])
    inner = world.frame("x", "a")
    world.expect(world.receive("r1", inner, options=[option]), ("a", inner), ("b", inner))


@pytest.mark.row("VX-11")
@pytest.mark.parametrize("udp_sum", [0, None], ids=["none", "right"])
def test_cut_at_every_octet(world, udp_sum):
    """With the lengths as they were. Octets of the end may only be missing where no header counts them."""
    whole = world.tunneled("r1", world.frame("x", "a"), udp_sum=udp_sum)
    for n in range(len(whole)):
        out = world.send("under", whole[:n])
        assert out == [], n
    assert not world.knows("x")
    assert_works(world)


@pytest.mark.row("VX-11")
def test_cut_at_every_octet_of_the_inner_frame(world):
    """With outer lengths that say so: what is behind the Ethernet header is none of our business."""
    inner = world.frame("x", "a")
    for n in range(len(inner)):
        out = world.receive("r1", inner[:n], udp_sum=None)
        assert [one.frame for one in out] == ([inner[:n]] * len(out) if n >= 14 else [])
        assert (out != []) == (n >= 14), n
    assert_works(world)


@pytest.mark.row("VX-11")
@pytest.mark.parametrize("octet", [0x00, 0xFF])
def test_every_octet_of_the_outer_header_changed(world, octet):
    """Nothing crashes and nothing is made up: what comes out is the inner frame or nothing, or an answer on the underlay."""
    inner = world.frame("x", "a")
    whole = world.tunneled("r1", inner, udp_sum=None)
    for n in range(BEFORE[world.v]):
        out = world.send("under", whole[:n] + bytes([octet]) + whole[n + 1 :])
        assert all(one.frame == inner for one in out if one.port != "under"), n
    assert_works(world)


@pytest.mark.row("VX-11")
@settings(deadline=None)
@given(st.binary(max_size=200), st.sampled_from([4, 6]), st.booleans())
def test_any_payload(payload, v, with_flag):
    world = Overlays(v)
    raw = (outer.header(100) if with_flag else b"") + payload
    out = world.send("under", outer.write(v, "r1", b"", 100, payload=raw, udp_sum=None))
    assert all(one.port != "under" for one in out)
    assert_works(world)


@pytest.mark.row("VX-11", "VX-22")
def test_trailing_octets_of_the_outer_frame_are_padding(world):
    """The IP length decides, not the frame's."""
    inner = world.frame("x", "a")
    world.expect(world.send("under", world.tunneled("r1", inner) + bytes(20)), ("a", inner), ("b", inner))


@pytest.mark.row("VX-11")
@pytest.mark.parametrize("source", ["00:00:00:00:00:00", "01:00:5e:00:00:01", "ff:ff:ff:ff:ff:ff"])
def test_an_inner_source_that_is_no_station(world, source):
    inner = bytearray(world.frame("x", "a"))
    inner[6:12] = octets(source)
    world.vanishes("under", world.tunneled("r1", bytes(inner)), "invalid source")
    assert_works(world)


@pytest.mark.row("VX-13")
def test_fragments_from_outside_are_dropped(world):
    """None is put together: a VTEP may silently drop them (RFC 7348, 4.3)."""
    inner = world.frame("x", "a", bytes(600))
    if world.v == 4:
        first = world.tunneled("r1", inner, ip_flags="MF")
        later = world.tunneled("r1", inner, ip_flags=0, frag=40)
    else:
        first = world.tunneled("r1", inner, options=[IPv6ExtHdrFragment(id=1, m=1)])
        later = world.tunneled("r1", inner, options=[IPv6ExtHdrFragment(id=1, offset=40)])
    for packet in (first, later):
        out = world.send("under", packet)
        assert [one for one in out if one.port != "under"] == []
    assert world.advance(120) == [] or all(one.port == "under" for one in world.emitted())
    assert not world.knows("x")
    assert_works(world)


@pytest.mark.row("VX-10", "VX-22")
@pytest.mark.parametrize("source", ["us", "us too", "group"])
def test_an_outer_source_that_cannot_be(world, source):
    """Our own address, or a group's: nothing is learned, nothing answered."""
    world.vanishes("under", world.tunneled(source, world.frame("x", "a"), source_mac=STATIONS["z"]))
    assert not world.knows("x")
    assert_works(world)
