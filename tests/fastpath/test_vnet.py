"""The virtio header: what it claims is believed only where the octets agree (drop `bad offload`)."""

import random
import struct

import pytest
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.inet6 import IPv6, IPv6ExtHdrDestOpt
from scapy.layers.l2 import Dot1Q, Ether
from scapy.layers.vxlan import VXLAN

from fastpath.vnet import claims

NEEDS_CSUM, DATA_VALID, TUNNEL_CSUM = 1, 2, 8
TCPV4, TCPV6, UDP_L4, TUNNEL_V4, ECN = 1, 4, 5, 0x20, 0x80
PAYLOAD = b"x" * 4000
ETHER = Ether(dst="02:42:0a:00:00:02", src="02:42:0a:00:00:01")


def header(flags=0, kind=0, size=0, start=0, offset=0, held=0, outer=None, inner=0):
    """A header as the kernel writes it; 24 octets with a tunnel's offsets."""
    octets = struct.pack("=BBHHHH", flags, kind, held, size, start, offset)
    return octets if outer is None else octets + struct.pack("=HQHH", 0, 0, outer, inner)


SUPER_FRAMES = {
    "tcp4": (ETHER / IP() / TCP(options=[("NOP", None)] * 12), TCPV4, 34, 16, 66),
    "tcp6": (ETHER / IPv6() / TCP(), TCPV6, 54, 16, 74),
    "udp4": (ETHER / IP() / UDP(), UDP_L4, 34, 6, 42),
    "udp6": (ETHER / IPv6() / UDP(), UDP_L4, 54, 6, 62),
    "tagged": (ETHER / Dot1Q(vlan=7) / IP() / TCP(), TCPV4, 38, 16, 58),
    "options": (ETHER / IPv6() / IPv6ExtHdrDestOpt() / TCP(), TCPV6, 62, 16, 82),
}


@pytest.mark.parametrize("name", SUPER_FRAMES)
def test_super_frame(name):
    layers, kind, start, offset, payload_at = SUPER_FRAMES[name]
    octets = bytes(layers / PAYLOAD)
    # hdr_len is whatever the sender held in one piece: it is not believed.
    facts = claims(header(NEEDS_CSUM, kind, 1448, start, offset, held=200), octets)
    assert facts == {
        "flags": NEEDS_CSUM,
        "gso_type": kind,
        "gso_size": 1448,
        "header": payload_at,
        "csum_start": start,
        "csum_offset": offset,
        "outer_transport": 0,
        "inner_network": 0,
    }


def test_udp_tunnel():
    octets = bytes(ETHER / IP() / UDP(dport=4789) / VXLAN(vni=7) / ETHER / IP() / TCP() / PAYLOAD)
    facts = claims(header(NEEDS_CSUM | TUNNEL_CSUM, TCPV4 | TUNNEL_V4, 1398, 84, 16, outer=34, inner=64), octets)
    assert facts is not None
    assert (facts["outer_transport"], facts["inner_network"], facts["header"]) == (34, 64, 104)
    assert facts["flags"] == NEEDS_CSUM | TUNNEL_CSUM
    for wrong in ({"outer": 36, "inner": 64}, {"outer": 34, "inner": 40}, {"outer": 34, "inner": 9000}, {"outer": 34, "inner": 65}):
        assert claims(header(NEEDS_CSUM, TCPV4 | TUNNEL_V4, 1398, 84, 16, **wrong), octets) is None
    assert claims(header(NEEDS_CSUM, TCPV4 | TUNNEL_V4, 1398, 84, 16), octets) is None  # a short header has no offsets


def test_checksum_only():
    octets = bytes(ETHER / IP() / UDP() / b"abc")
    assert claims(header(), octets) == dict.fromkeys(claims(header(), octets), 0)
    facts = claims(header(NEEDS_CSUM, 0, 0, 34, 6), octets)
    assert facts is not None and (facts["flags"], facts["csum_start"], facts["csum_offset"]) == (NEEDS_CSUM, 34, 6)
    assert claims(header(DATA_VALID), octets)["flags"] == DATA_VALID


@pytest.mark.parametrize(
    ("what", "claim"),
    {
        "checksum behind the end": header(NEEDS_CSUM, 0, 0, 4052, 6),
        "checksum in the Ethernet header": header(NEEDS_CSUM, 0, 0, 13, 6),
        "offset behind the end": header(NEEDS_CSUM, 0, 0, 34, 0xFFFF),
        "no segment size": header(NEEDS_CSUM, TCPV4, 0, 34, 16),
        "no checksum asked for": header(0, TCPV4, 1448, 34, 16),
        "another transport": header(NEEDS_CSUM, UDP_L4, 1448, 34, 6),
        "another version": header(NEEDS_CSUM, TCPV6, 1448, 34, 16),
        "another place": header(NEEDS_CSUM, TCPV4, 1448, 38, 16),
        "another offset": header(NEEDS_CSUM, TCPV4, 1448, 34, 6),
        "fragmentation offload": header(NEEDS_CSUM, 3, 1448, 34, 6),
        "unknown type": header(NEEDS_CSUM, 9, 1448, 34, 16),
    }.items(),
)
def test_bad_offload(what, claim):
    octets = bytes(ETHER / IP() / TCP() / PAYLOAD)
    assert claims(header(NEEDS_CSUM, TCPV4, 1448, 34, 16), octets) is not None
    assert claims(claim, octets) is None, what


@pytest.mark.parametrize("layers", [IP(frag=5) / TCP(), IP(flags="MF") / TCP(), IP(ihl=4) / TCP(), IP() / TCP(dataofs=4)])
def test_headers_that_cannot_be_segmented(layers):
    octets = bytes(ETHER / layers / PAYLOAD)
    assert claims(header(NEEDS_CSUM, TCPV4, 1448, 34, 16), octets) is None


def test_random_claims_stay_within_the_frame():
    """Truncated and mutated frames with random headers: what is accepted lies within the octets."""
    choose = random.Random(1)
    frames = [bytes(layers / PAYLOAD[:1500]) for layers, *_ in SUPER_FRAMES.values()]
    accepted = 0
    for _ in range(50_000):
        octets = bytearray(choose.choice(frames))
        del octets[choose.randrange(14, len(octets) + 1) :]
        for _ in range(choose.randrange(3)):
            octets[choose.randrange(len(octets))] = choose.randrange(256)
        kind = choose.choice((TCPV4, TCPV6, UDP_L4, TCPV4 | ECN, choose.randrange(256)))
        facts = claims(
            header(
                choose.choice((1, 3, 9, choose.randrange(256))),
                kind,
                choose.randrange(2000),
                choose.choice((34, 38, 54, 62)),
                choose.choice((6, 16)),
                outer=choose.randrange(100),
                inner=choose.randrange(100),
            ),
            bytes(octets),
        )
        if facts is not None and facts["gso_type"]:
            accepted += 1
            assert 34 <= facts["csum_start"] < facts["header"] < len(octets)
            assert facts["gso_size"] > 0
    assert accepted > 100
