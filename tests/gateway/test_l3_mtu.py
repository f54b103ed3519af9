"""Packets that do not fit (L3-8): too big, with the MTU, or fragments on bounds of 8 octets (RFC 791, RFC 1191, RFC 8200)."""

import pytest

from tests.gateway import judge
from tests.gateway.errors import assert_error
from tests.gateway.fragments import cut, thirds
from tests.gateway.world import World

PAYLOAD = bytes(n * 7 & 255 for n in range(9000))
HEADER = {4: 28, 6: 48}


def narrow(v, mtu=1300, **settings):
    return World(v, nat=None, mtu=9000, uplink_mtu=mtu, **settings)


@pytest.mark.row("L3-8")
@pytest.mark.parametrize("mtu", [1280, 1281, 1300, 1499, 1500])
def test_exactly_the_mtu_passes_and_one_octet_more_is_too_big(v, mtu):
    world = narrow(v, mtu)
    fits = PAYLOAD[: mtu - HEADER[v]]
    world.passes("a", world.udp("a", 1, "r1", 2, fits, df=True), "up", world.udp("a", 1, "r1", 2, fits, df=True, ttl=63))
    packet = world.udp("a", 1, "r1", 2, PAYLOAD[: mtu - HEADER[v] + 1], df=True)
    assert_error(world, world.send("a", packet), "a", "too big", bytes(packet), "gw", "a", mtu=mtu)
    assert world.drops() == {"too big": 1}


@pytest.mark.row("L3-8")
@pytest.mark.parametrize("mtu", [68, 576, 1006, 1300, 1499])
@pytest.mark.parametrize("size", [1480, 4000, 8972])
def test_without_df_it_is_fragmented(mtu, size):
    world = narrow(4, mtu)
    out = world.send("a", world.udp("a", 1, "r1", 2, PAYLOAD[:size], id=0xABCD, tos=0x20))
    whole = judge.read(bytes(world.udp("a", 1, "r1", 2, PAYLOAD[:size])))
    assert len(out) > 1
    world.assert_sums(out)
    parts = [judge.read(one.packet) for one in out]
    assert [part.offset for part in parts] == sorted(part.offset for part in parts), "in order"
    assert {(part.id, part.header[1], part.header[8]) for part in parts} == {(0xABCD, 0x20, 63)}
    assert all(len(one.packet) <= mtu for one in out)
    assert all(len(one.packet) > mtu - 8 for one in out[:-1]), "no more of them than needed"
    assert judge.reassembled([one.packet for one in out]).upper == whole.upper
    rows = {row["node"].item(): row for row in world.engine.counters()}
    assert rows["router"]["cloned"] + rows["router"]["originated"] >= len(out) - 1


@pytest.mark.row("L3-8")
def test_a_fragment_of_a_fragment():
    """RFC 791, 3.2: offsets add up, the last one keeps its flag, the others have More Fragments."""
    world = narrow(4, 576)
    packet = world.udp("a", 1, "r1", 2, PAYLOAD[:4000], id=5)
    out = [one for part in cut(packet, 1400, 2800, id=5) for one in world.send("a", part)]
    assert len(out) == 9
    world.assert_sums(out)
    assert judge.reassembled([one.packet for one in out]).upper == judge.read(bytes(packet)).upper


@pytest.mark.row("L3-8")
def test_fragments_that_fit_pass_as_they_are(routed):
    parts = thirds(routed.udp("a", 1, "r1", 2, PAYLOAD[:3000]))
    after = thirds(routed.udp("a", 1, "r1", 2, PAYLOAD[:3000], ttl=63))
    for before, wanted in zip(parts, after, strict=True):
        routed.passes("a", before, "up", wanted)


@pytest.mark.row("L3-8")
@pytest.mark.parametrize("options", [b"\x01" * 4, b"\x94\x04\0\0", b"\x07\x07\x04\0\0\0\0\0"])
def test_options_go_into_the_first_or_into_all(options):
    """RFC 791, 3.1: those with the copied flag (0x80) into all fragments."""
    world = narrow(4, 576)
    packet = world.ip("a", "r1", options=options, id=9) / bytes(judge.read(bytes(world.udp("a", 1, "r1", 2, PAYLOAD[:1400]))).upper)
    packet.proto = 17
    out = world.send("a", packet)
    assert len(out) > 1, world.drops()
    world.assert_sums(out)
    assert judge.reassembled([one.packet for one in out]).upper == judge.read(bytes(packet)).upper
    assert out[0].packet[20 : 20 + len(options)] == options
    for one in out[1:]:
        copied = judge.read(one.packet).header[20:]
        assert options in copied if options[0] & 0x80 else not copied.strip(b"\0\1")


@pytest.mark.row("L3-8")
def test_ipv6_is_never_fragmented_by_us(routed6):
    """RFC 8200, 5: not even a fragment of another's."""
    world = narrow(6, 1280)
    part = cut(world.udp("a", 1, "r1", 2, PAYLOAD[:3000]), 1400)[0]
    assert_error(world, world.send("a", part), "a", "too big", bytes(part), "gw", "a", mtu=1280)


@pytest.mark.row("L3-8")
def test_about_a_later_fragment_that_is_too_big_nothing_is_said():
    """RFC 1812, 4.3.2.7; in IPv6 Packet Too Big is told of any (RFC 4443, 2.4 e knows no such exception)."""
    world = narrow(4, 576)
    part = cut(world.udp("a", 1, "r1", 2, PAYLOAD[:3000]), 1400)[1]
    part.flags = "DF"
    world.vanishes("a", part, "too big")


@pytest.mark.row("L3-8")
def test_many_fragments_at_once_are_bounded_and_counted():
    """100 packets of 64 KiB into an MTU of 68: what is not sent is dropped by name, and the next packet passes."""
    world = World(4, nat=None, mtu=65535, uplink_mtu=68)
    packet = world.udp("a", 1, "r1", 2, bytes(65507))
    out = world.send("a", *[packet] * 20)
    assert len(out) <= 20 * 1366
    world.assert_balanced()
    world.passes("a", world.udp("a", 1, "r1", 2), "up", world.udp("a", 1, "r1", 2, ttl=63))
