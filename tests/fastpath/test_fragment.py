"""Fragments fit the MTU, and Scapy puts the original together from them."""

import random
import struct

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scapy.layers.inet import IP, TCP, UDP, defragment
from scapy.layers.inet6 import IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrFragment, IPv6ExtHdrHopByHop, IPv6ExtHdrRouting, defragment6
from scapy.layers.l2 import Ether
from scapy.packet import Raw

from fastpath.fragment import fragments
from fastpath.wire import checksum
from tests.fastpath.packets import ETHER, judged

ROUTER_ALERT = b"\x94\x04\x00\x00"  # copied (RFC 2113); record route and timestamps are not
RECORD_ROUTE = b"\x07\x07\x04\x01\x02\x03\x04"

chances = st.integers(0, 2**32 - 1).map(random.Random)
ipv4 = st.builds(
    lambda options, flags, offset, id: IP(
        src="10.0.0.1", dst="10.0.1.2", id=id, flags=flags, frag=offset, options=options, proto=253
    ),
    st.sampled_from([b"", b"\x01\x01\x01\x00", ROUTER_ALERT, RECORD_ROUTE + b"\x01", b"\x01" + RECORD_ROUTE + ROUTER_ALERT]),
    st.sampled_from([0, 1, 2, 3]),
    st.sampled_from([0, 0, 0, 5, 185]),
    st.integers(0, 65535),
)


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(ipv4, st.integers(1, 5000), st.integers(68, 3000), st.sampled_from([0, 34, 60, 128, 400]), st.booleans(), chances)
def test_ipv4(header, length, mtu, own, lasting, chance):
    """L3-8: 8-octet bounds, options by their copy bit, a fragment of a fragment."""
    more = bool(header.flags & 1)
    payload = chance.randbytes(length & ~7 if more else length) or bytes(8)
    frame = bytes(ETHER / header / Raw(payload))
    parts = fragments(frame + bytes(5), mtu, own=min(own, len(frame)), lasting=lasting)
    at = header.frag * 8
    for number, octets in enumerate(parts):
        assert judged(octets) == octets
        packet, last = Ether(octets)[IP], number + 1 == len(parts)
        assert packet.len <= mtu
        assert packet.len == len(octets) - 14
        assert packet.frag * 8 == at
        assert bool(packet.flags & 1) == (more or not last)
        assert bool(packet.flags & 2) == bool(header.flags & 2)
        assert (packet.id, packet.tos, packet.ttl, packet.proto, packet.src, packet.dst) == (
            header.id, header.tos, header.ttl, header.proto, header.src, header.dst)  # fmt: skip
        body = octets[14 + packet.ihl * 4 :]
        assert len(body) % 8 == 0 or last
        assert body == payload[at - header.frag * 8 :][: len(body)]
        at += len(body)
        options = octets[34 : 14 + packet.ihl * 4]
        assert (ROUTER_ALERT in options) == (ROUTER_ALERT in frame[34 : 14 + frame[14] % 16 * 4])
        if number:
            assert RECORD_ROUTE[:3] not in options
        else:
            assert options == frame[34 : 14 + frame[14] % 16 * 4]
    assert at == header.frag * 8 + len(payload)
    # No more of them than needed.
    assert len(parts) == 1 or all(Ether(octets)[IP].len > mtu - 8 for octets in parts[:-1])


chains = st.sampled_from(
    [
        (),
        (IPv6ExtHdrHopByHop,),
        (IPv6ExtHdrHopByHop, IPv6ExtHdrDestOpt, lambda: IPv6ExtHdrRouting(type=4, addresses=["fd00::7"]), IPv6ExtHdrDestOpt),
        (IPv6ExtHdrDestOpt,),
    ]
)


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(chains, st.integers(1, 5000), st.integers(1280, 3000), st.integers(0, 2**32 - 1), chances)
def test_ipv6(chain, length, mtu, identification, chance):
    """RFC 8200, 4.5: the Fragment header comes behind what every router reads, and before the rest."""
    packet = ETHER / IPv6(src="fd00::1", dst="fd00::2", hlim=9, fl=5)
    for kind in chain:
        packet = packet / kind()
    packet = packet / UDP(sport=1, dport=2) / Raw(chance.randbytes(length))
    octets = bytes(packet)
    parts = fragments(octets + bytes(3), mtu, identification=identification)
    assert all(Ether(part)[IPv6].plen + 40 == len(part) - 14 <= mtu for part in parts)
    if len(parts) == 1:
        assert parts == [octets]
        return
    assert {Ether(part)[IPv6ExtHdrFragment].id for part in parts} == {identification}
    whole = bytes(ETHER / defragment6([Ether(part)[IPv6] for part in parts]))
    assert whole == octets
    per_fragment = len(chain) - 1 if chain and chain[-1] is IPv6ExtHdrDestOpt else len(chain)
    for part in parts:
        assert Ether(part).layers().index(IPv6ExtHdrFragment) == 2 + per_fragment


@pytest.mark.parametrize("layer", [UDP(sport=1, dport=2), TCP(sport=1, dport=2, flags="A")])
@pytest.mark.parametrize("own", [0, 34, 60, 130])
@pytest.mark.parametrize("mtu", [68, 84, 576])
def test_a_checksum_that_was_left_to_us_is_completed(layer, own, mtu):
    """However small the fragments: with an MTU of 68 the checksum of TCP is in the first or the second."""
    whole = bytes(ETHER / IP(src="10.0.0.1", dst="10.0.0.2", options=ROUTER_ALERT * 3, id=4) / layer / Raw(b"gateway" * 90))
    start, offset = 14 + whole[14] % 16 * 4, 16 if isinstance(layer, TCP) else 6
    octets = bytearray(whole)
    length = len(whole) - start
    pseudo = checksum(whole[26:34] + struct.pack(">HH", whole[23], length)) ^ 0xFFFF
    struct.pack_into(">H", octets, start + offset, pseudo)
    parts = fragments(bytes(octets), mtu, csum_start=start, csum_offset=offset, own=own)
    (again,) = defragment([Ether(part) for part in parts])
    again = bytes(again)
    assert again[start:] == whole[start:]


def test_what_fits_stays_as_it_is():
    frame = bytes(ETHER / IP(src="10.0.0.1", dst="10.0.0.2") / Raw(bytes(80)))
    assert fragments(frame, 100) == [frame]
    assert len(fragments(frame, 99)) == 2


@pytest.mark.parametrize(
    ("packet", "mtu", "reason"),
    [
        (IP(src="10.0.0.1", dst="10.0.0.2", options=b"\x94\x28" + bytes(38)) / Raw(bytes(100)), 67, "too big"),
        (IPv6(src="fd00::1", dst="fd00::2") / IPv6ExtHdrFragment(offset=8) / Raw(bytes(1400)), 1280, "too big"),
        (IPv6(src="fd00::1", dst="fd00::2") / IPv6ExtHdrFragment() / Raw(bytes(1400)), 1280, "too big"),
        (IP(src="10.0.0.1", dst="10.0.0.2", frag=8191) / Raw(bytes(100)), 68, "bad fragment"),
        (IP(src="10.0.0.1", dst="10.0.0.2", len=200) / Raw(bytes(100)), 68, "bad ip length"),
    ],
)
def test_what_cannot_be_cut(packet, mtu, reason):
    with pytest.raises(ValueError, match=reason):
        fragments(bytes(ETHER / packet), mtu)
