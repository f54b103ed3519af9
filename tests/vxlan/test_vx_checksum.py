"""VX-5 to VX-9: UDP checksums, flags and reserved bits (RFC 7348, 5; RFC 768; RFC 6935)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scapy.layers.l2 import Ether
from scapy.packet import Raw

from tests.vxlan import outer
from tests.vxlan.overlay_plan import STATIONS
from tests.vxlan.overlay_world import Overlays


@pytest.mark.row("VX-5")
def test_zero_over_ipv4_and_right_over_ipv6(world):
    world.receive("r1", world.frame("x", "a"))
    packet = world.only(world.send("a", world.frame("a", "x")))
    assert (packet.udp_sum == 0) == (world.v == 4)


@pytest.mark.row("VX-5")
@pytest.mark.parametrize("checksum", [True, False])
def test_it_is_a_choice(make, checksum):
    """`outer.read` says that it is right."""
    world = make(settings={"checksum": checksum})
    world.receive("r1", world.frame("x", "a"))
    for n in range(64):
        assert (world.only(world.send("a", world.frame("a", "x", bytes(n)))).udp_sum != 0) == checksum


@pytest.mark.row("VX-5")
def test_a_computed_zero_is_sent_as_all_ones(make):
    """RFC 768: zero would say that there is none. The last word makes the sum what it will."""
    world = make(settings={"checksum": True})
    world.receive("r1", world.frame("x", "a"))

    def sent(word: int) -> int:
        inner = bytes(Ether(src=STATIONS["a"], dst=STATIONS["x"], type=0x88B5) / Raw(bytes(44) + word.to_bytes(2, "big")))
        return world.only(world.send("a", inner)).udp_sum

    first = sent(0)
    assert sent(first) == 0xFFFF


@pytest.mark.row("VX-6")
@pytest.mark.parametrize("udp_sum", [0, None], ids=["none", "right"])
def test_no_checksum_and_a_right_one_are_accepted(world, udp_sum):
    inner = world.frame("x", "a")
    world.expect(world.receive("r1", inner, udp_sum=udp_sum), ("a", inner), ("b", inner))


@pytest.mark.row("VX-7")
@pytest.mark.parametrize("change", [1, 0x100, 0xFFFE])
def test_a_wrong_checksum_is_dropped(world, change):
    """A VTEP may look, and one that looks must drop."""
    octets = bytearray(world.tunneled("r1", world.frame("x", "a"), udp_sum=None))
    at = (14 + 20 + 6) if world.v == 4 else (14 + 40 + 6)
    right = int.from_bytes(octets[at : at + 2], "big")
    wrong = (right ^ change) or 1
    octets[at : at + 2] = wrong.to_bytes(2, "big")
    world.vanishes("under", bytes(octets), "bad checksum")
    assert not world.knows("x")


@pytest.mark.row("VX-7")
@settings(deadline=None)
@given(st.integers(0, 200), st.integers(1, 255), st.sampled_from([4, 6]))
def test_every_changed_octet_of_the_inner_frame_is_seen(at, change, v):
    world = Overlays(v)
    octets = bytearray(world.tunneled("r1", world.frame("x", "a", bytes(200)), udp_sum=None))
    octets[len(octets) - 1 - at % 230] ^= change
    assert world.send("under", bytes(octets)) == []
    assert world.drops() == {"bad checksum": 1}


@pytest.mark.row("VX-8")
@pytest.mark.parametrize("flags", [0x00, 0xF7, 0x04, 0x80])
def test_without_the_i_flag_it_is_dropped(world, flags):
    world.vanishes("under", world.tunneled("r1", world.frame("x", "a"), flags=flags), "bad vxlan header")
    assert not world.knows("x")


RESERVED = {
    "flags": {"flags": 0xFF},
    "24 bits": {"reserved": 0xFFFFFF},
    "gbp": {"flags": 0x88, "reserved": 5},
    "last": {"last": 0xFF},
}


@pytest.mark.row("VX-9")
@pytest.mark.parametrize("bits", RESERVED)
def test_reserved_bits_are_ignored(world, bits):
    inner = world.frame("x", "a")
    world.expect(world.receive("r1", inner, **RESERVED[bits]), ("a", inner), ("b", inner))


@pytest.mark.row("VX-9")
@pytest.mark.parametrize("bits", RESERVED)
def test_strict_drops_them_as_linux_does(make, bits):
    world = make(vtep={"strict": True})
    world.vanishes("under", world.tunneled("r1", world.frame("x", "a"), **RESERVED[bits]), "bad vxlan header")
    inner = world.frame("x", "a")
    world.expect(world.receive("r1", inner), ("a", inner), ("b", inner))


@pytest.mark.row("VX-8", "VX-9")
def test_all_flags(world):
    inner = world.frame("x", "a")
    for flags in range(256):
        out = world.receive("r1", inner, flags=flags)
        assert (out != []) == bool(flags & 8), flags


@pytest.mark.row("VX-5")
def test_a_vtep_of_each_kind_hears_the_other(v):
    """What one sends, with and without, the other takes apart."""
    for checksum in (True, False, None):
        sender, receiver = Overlays(v, settings={"checksum": checksum}), Overlays(v)
        sender.receive("r1", sender.frame("x", "a"))
        (one,) = sender.send("a", sender.frame("a", "x"))
        packet = outer.read(one.frame)
        back = outer.write(v, "r1", packet.inner, packet.vni, udp_sum=None if packet.udp_sum else 0, sport=packet.sport)
        assert [got.frame for got in receiver.send("under", back)] == [packet.inner] * 2
