"""Headers that lie (L3-11), every one of them cut at every octet, and targets without a route."""

import struct

import pytest
from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrHopByHop, IPv6ExtHdrRouting
from scapy.packet import Raw

from tests.fastpath.outside import octets
from tests.gateway.errors import assert_error
from tests.gateway.plan import MACS
from tests.gateway.world import World


@pytest.fixture(params=[None, "nat"], ids=["routed", "nat"])
def nat(request):
    return request.param


def works(world):
    """A good packet passes: nothing is left of the bad one before."""
    out = world.send("a", world.udp("a", 1, "r1", 2))
    assert [one.port for one in out] == ["up"], world.drops()


def summed(header: bytearray) -> bytes:
    """The IPv4 header with its checksum mended, so that only the lie is wrong."""
    from scapy.utils import checksum

    size = max((header[0] & 15) * 4, 20)
    struct.pack_into(">H", header, 10, 0)
    struct.pack_into(">H", header, 10, checksum(bytes(header[:size])))
    return bytes(header)


def lies4():
    good = bytes(IP(src="10.0.0.2", dst="192.0.2.10", id=1) / UDP(sport=1, dport=2) / Raw(bytes(20)))
    for octet in (0x05, 0x15, 0x25, 0x35, 0x55, 0x65, 0x75, 0xF5):
        yield f"version {octet >> 4}", bytes([octet]) + good[1:], {"bad ip header"}
    for ihl in range(5):
        yield f"IHL {ihl}", summed(bytearray(bytes([0x40 | ihl]) + good[1:])), {"bad ip header"}
    yield "IHL 15", summed(bytearray(bytes([0x4F]) + good[1:])), {"bad ip header", "bad ip length"}
    for length in (0, 1, 19, len(good) + 1, 1500, 65535):
        bad = bytearray(good)
        struct.pack_into(">H", bad, 2, length)
        yield f"length {length}", summed(bad), {"bad ip length", "bad ip header"}
    for flip in (1, 0x80):
        for at in (10, 11, 1, 8, 12, 19):
            bad = bytearray(good)
            bad[at] ^= flip
            yield f"checksum {at} {flip}", bytes(bad), {"bad ip checksum"}
    yield "checksum 0", good[:10] + b"\0\0" + good[12:], {"bad ip checksum"}
    for kind in (0x83, 0x89):
        routed = IP(src="10.0.0.2", dst="192.0.2.10", options=bytes([kind, 7, 4, 10, 1, 0, 2, 0])) / UDP(sport=1, dport=2)
        yield f"source route {kind:x}", bytes(routed), {"source route"}
    for options in (b"\x44\x00\0\0", b"\x44\x01\0\0", b"\x44\x09\0\0", b"\x07\xff\x04\0"):
        broken = IP(src="10.0.0.2", dst="192.0.2.10", options=options) / UDP(sport=1, dport=2)
        yield f"option {options.hex()}", bytes(broken), {"bad ip header", None}


def lies6():
    good = IPv6(src="fd00:a::2", dst="2001:db8:1::10") / UDP(sport=1, dport=2) / Raw(bytes(20))
    raw = bytes(good)
    for version in (0, 1, 4, 5, 7, 15):
        yield f"version {version}", bytes([version << 4]) + raw[1:], {"bad ip header"}
    for length in (len(raw) - 39, 1500, 65535):
        yield f"length {length}", raw[:4] + struct.pack(">H", length) + raw[6:], {"bad ip length"}
    base = IPv6(src="fd00:a::2", dst="2001:db8:1::10")
    routing = base / IPv6ExtHdrRouting(type=0, addresses=["fd00:b::2"]) / UDP(sport=1, dport=2)
    yield "routing header 0", bytes(routing), {"source route"}
    for header in (IPv6ExtHdrHopByHop, IPv6ExtHdrDestOpt):
        longer = bytearray(bytes(base / header() / UDP(sport=1, dport=2)))
        longer[41] = 200
        yield f"{header.__name__} too long", bytes(longer), {"bad ip header", "bad ip length"}
    chain = base
    for _ in range(60):
        chain = chain / IPv6ExtHdrDestOpt()
    yield "60 extension headers", bytes(chain / UDP(sport=1, dport=2)), {"bad ip header", None}


CASES = [pytest.param(4, *case, id=f"ipv4 {case[0]}") for case in lies4()] + [
    pytest.param(6, *case, id=f"ipv6 {case[0]}") for case in lies6()
]


@pytest.mark.row("L3-11", "NAT-40")
@pytest.mark.parametrize(("v", "why", "packet", "reasons"), CASES)
def test_a_header_that_lies_is_dropped_by_name(v, why, packet, reasons, nat):
    """`None` among the reasons: RFC 1812 allows to forward it too; then it must not be altered but for what forwarding alters."""
    world = World(v, nat=nat)
    kind = b"\x08\x00" if v == 4 else b"\x86\xdd"
    frame = octets(MACS["gw"]) + octets(MACS["a"]) + kind + packet
    out = world.send_frames("a", frame)
    if out:
        assert None in reasons, out
        assert [one.port for one in out] == ["up"] or "parameter" in why
    else:
        assert set(world.drops()) <= reasons, world.drops()
        assert sum(world.drops().values()) == 1
    works(world)


@pytest.mark.row("L3-11")
def test_every_header_cut_at_every_octet(v, nat):
    """Dropped once each, by a name; nothing that is cut leaves."""
    world = World(v, nat=nat)
    for kind in ("udp", "tcp", "icmp"):
        whole = bytes(world.query(kind, "a", 4000, "r1", 80, payload=b"x" * 9))
        for length in range(len(whole)):
            if length:
                world.vanishes("a", whole[:length])
    for length in range(14):
        assert world.send_frames("a", world.framed("a", whole)[:length]) == []
    works(world)


@pytest.mark.row("L3-11")
def test_an_empty_payload(v, nat):
    """Behind the Ethernet header nothing; behind the IP header nothing."""
    world = World(v, nat=nat)
    kind = b"\x08\x00" if v == 4 else b"\x86\xdd"
    assert world.send_frames("a", octets(MACS["gw"]) + octets(MACS["a"]) + kind) == []
    assert sum(world.drops().values()) == 1
    bare = world.other("a", "r1", 253, b"")
    out = world.send("a", bare)
    if nat is None:
        world.expect(out, ("up", world.other("a", "r1", 253, b"", ttl=63)))
    works(world)


@pytest.mark.row("L3-11")
@pytest.mark.parametrize("kind", ["88b5", "8847", "8100", "0000", "0005", "05dc", "9000", "88cc", "ffff"])
def test_what_is_not_ip_is_dropped_by_name(kind, nat):
    world = World(4, nat=nat)
    for payload in (b"", b"\x45" + bytes(45)):
        assert world.send_frames("a", octets(MACS["gw"]) + octets(MACS["a"]) + bytes.fromhex(kind) + payload) == []
    assert world.drops() == {"not ip": 2}
    works(world)


@pytest.mark.row("L3-11")
def test_the_type_and_the_version_must_agree(nat):
    world = World(4, nat=nat)
    packet = bytes(world.udp("a", 1, "r1", 2, payload=bytes(40)))
    assert world.send_frames("a", octets(MACS["gw"]) + octets(MACS["a"]) + b"\x86\xdd" + packet) == []
    assert set(world.drops()) == {"bad ip header"}


@pytest.mark.row("L3-11")
def test_without_a_route_the_sender_is_told(v, nat):
    """RFC 1812, 5.2.7.1: net unreachable; RFC 4443, 3.1: no route to destination."""
    world = World(v, nat=nat)
    world.router.remove_route("0.0.0.0/0" if v == 4 else "::/0")
    packet = world.udp("a", 1, "r1", 2)
    assert_error(world, world.send("a", packet), "a", "net unreachable", bytes(packet), "gw", "a")
    assert world.drops() == {"no route": 1}
    out = world.send("a", world.udp("a", 1, "near", 2))
    assert [one.port for one in out] == ["up"]


@pytest.mark.row("L3-11")
def test_ethernet_padding_is_no_part_of_the_packet(v, nat):
    """RFC 894: short packets come padded to 46 octets, and whatever the padding is, it does not count."""
    world = World(v, nat=nat)
    before = world.udp("a", 5, "r1", 6, payload=b"")
    source = "a" if nat is None else "up"
    after = bytes(world.udp(source, 5, "r1", 6, payload=b"", ttl=63))
    for trailer in (b"\0" * 18, b"\xff" * 18, b"\x01"):
        out = world.send_frames("a", world.framed("a", before) + trailer)
        assert [one.packet[: len(after)] for one in out] == [after]
        assert out[0].packet[len(after) :] in (b"", trailer)
