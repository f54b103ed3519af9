"""Transport headers that lie, every header cut at every octet (NAT-22): nothing leaks untranslated, the next packet is fine."""

import random
import struct

import pytest

from tests.fastpath.outside import octets
from tests.gateway import judge
from tests.gateway.fragments import piece
from tests.gateway.plan import MACS
from tests.gateway.world import World

SIZE = {4: 20, 6: 40}


def source_of(world, packet):
    return packet[12:16] if world.v == 4 else packet[8:24]


def packed(world, name):
    import ipaddress

    return ipaddress.ip_address(world.at(name)).packed


def never_leaked(world, port, packet):
    """Dropped, or out with the public source (in: to a host that has a flow)."""
    out = world.send(port, packet)
    for one in out:
        if port == "a" and one.port == "up":
            assert source_of(world, one.packet) == packed(world, "up"), one
    return out


def fine(world):
    world.passes("b", world.udp("b", 9999, "r2", 9), "up", world.udp("up", 9999, "r2", 9, ttl=63))


@pytest.mark.row("NAT-22")
@pytest.mark.parametrize("offset", range(16))
def test_a_tcp_data_offset_that_lies(world, offset):
    """RFC 793: below 5, or beyond the segment."""
    good = bytearray(bytes(world.tcp("a", 4000, "r1", 80, "S", payload=b"12345678")))
    at = SIZE[world.v] + 12
    good[at] = offset << 4 | good[at] & 15
    out = never_leaked(world, "a", bytes(good))
    if offset < 5 or offset * 4 > 20 + 8:
        assert out == []
        assert set(world.drops()) <= {"bad transport", "bad checksum"}
    fine(world)


@pytest.mark.row("NAT-22")
@pytest.mark.parametrize("length", [0, 1, 7, 8, 11, 13, 1000, 65535])
def test_a_udp_length_that_lies(world, length):
    """RFC 768: 12 octets are there; less than that is trailing data, more is a lie."""
    packet = bytearray(bytes(world.udp("a", 4000, "r1", 53, b"data")))
    struct.pack_into(">H", packet, SIZE[world.v] + 4, length)
    out = never_leaked(world, "a", bytes(packet))
    if length < 8 or length > 12:
        assert out == []
        assert set(world.drops()) <= {"bad transport", "bad checksum"}
    fine(world)


@pytest.mark.row("NAT-22", "NAT-12")
@pytest.mark.parametrize("kind", ["udp", "tcp", "icmp"])
def test_a_packet_that_ends_within_its_transport_header(world, kind):
    """The IP header tells the truth about it, so only NAT can notice."""
    whole = judge.read(bytes(world.query(kind, "a", 4000, "r1", 80, payload=b"")))
    for length in range(len(whole.upper)):
        packet = world.other("a", "r1", whole.protocol, whole.upper[:length])
        assert world.send("a", packet) == []
        assert world.drops()["bad transport"] == length + 1
    fine(world)


@pytest.mark.row("NAT-22")
@pytest.mark.parametrize("kind", ["udp", "tcp", "icmp"])
def test_every_frame_cut_at_every_octet(world, kind):
    whole = world.framed("a", world.query(kind, "a", 4000, "r1", 80, payload=b"x" * 11))
    for length in range(len(whole)):
        assert world.send_frames("a", whole[:length]) == []
    assert sum(world.drops().values()) == len(whole)
    fine(world)


@pytest.mark.row("NAT-22")
@pytest.mark.parametrize("kind", ["udp", "tcp", "icmp"])
def test_answers_cut_at_every_octet(world, kind):
    world.opened(kind, "a", 4000)
    whole = world.framed("up", world.answer(kind, "r1", 53, "up", 4000, payload=b"x" * 11))
    for length in range(len(whole)):
        assert world.send_frames("up", whole[:length]) == []
    assert len(world.send_frames("up", whole)) == 1


@pytest.mark.row("NAT-22")
def test_a_first_fragment_without_the_whole_header(world4):
    """RFC 1858's tiny fragment: 8 octets of TCP. Whole again it is translated; alone it never leaves. IPv6: test_l3_chains."""
    world = world4
    packet = world.tcp("a", 4000, "r1", 80, "S", payload=b"x" * 40)
    packet = packet.__class__(bytes(packet))
    upper = judge.read(bytes(packet)).upper
    assert world.send("a", piece(packet, 0, upper[:8], True, 3)) == []
    out = world.send("a", piece(packet, 8, upper[8:], False, 3))
    assert {one.port for one in out} == {"up"}
    assert (
        judge.reassembled([one.packet for one in out]).upper
        == judge.read(bytes(world.tcp("up", 4000, "r1", 80, "S", payload=b"x" * 40))).upper
    )


@pytest.mark.row("NAT-22")
@pytest.mark.parametrize("kind", ["udp", "tcp"])
@pytest.mark.parametrize(("sport", "dport"), [(0, 80), (4000, 0), (0, 0)])
def test_port_zero(world, kind, sport, dport):
    """Reserved (RFC 768, RFC 6335): translated or dropped, not leaked; an external port is never 0."""
    for one in never_leaked(world, "a", world.query(kind, "a", sport, "r1", dport)):
        assert judge.read(one.packet).upper[:2] != b"\0\0"
    fine(world)


@pytest.mark.row("NAT-22", "NAT-12")
def test_random_octets_changed_anywhere(v):
    """Thousands of damaged frames of all kinds, both ways: no inside source outside, nothing vanishes, then all is well."""
    world = World(v)
    chance = random.Random(22)
    world.handshake("a", 4000)
    world.opened("udp", "a", 4000)
    inside = {packed(world, name) for name in "abcdef"}
    from_a = [bytes(world.query(kind, "a", 4000, "r1", 80, payload=chance.randbytes(30))) for kind in ("udp", "tcp", "icmp")]
    from_up = [bytes(world.answer(kind, "r1", 80, "up", 4000, payload=chance.randbytes(30))) for kind in ("udp", "tcp", "icmp")]
    from_up += [bytes(world.error("hop", "up", "port unreachable", world.udp("up", 4000, "r1", 53)))]
    from_a += [bytes(world.error("a", "r1", "port unreachable", world.udp("r1", 53, "a", 4000)))]
    for _ in range(3000):
        port, choices = chance.choice([("a", from_a), ("up", from_up)])
        bad = bytearray(chance.choice(choices))
        for _ in range(chance.choice([1, 1, 2, 8])):
            bad[chance.randrange(len(bad))] = chance.randrange(256)
        cut = chance.randrange(len(bad)) if chance.random() < 0.2 else len(bad)
        kind = b"\x08\x00" if v == 4 else b"\x86\xdd"
        frame = octets(MACS["gw" if port == "a" else "up"]) + octets(MACS["a" if port == "a" else "isp"]) + kind + bad[:cut]
        for one in world.send_frames(port, frame):
            if one.port == "up":
                assert source_of(world, one.packet) not in inside, one
    fine(world)
