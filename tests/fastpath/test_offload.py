"""Segments against scapy: the payload re-assembles to the original octets, and every length and checksum is what scapy computes."""

import struct

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.inet6 import IPv6, IPv6ExtHdrDestOpt, IPv6ExtHdrHopByHop
from scapy.layers.l2 import Dot1AD, Dot1Q, Ether
from scapy.layers.vxlan import VXLAN
from scapy.packet import Packet, Raw

from fastpath.offload import pieces, segments
from fastpath.wire import checksum

TCPV4, UDP_L4, TCPV6 = 1, 5, 4
TUNNEL_V4, TUNNEL_V6, ECN = 0x20, 0x40, 0x80
FIN, PSH, CWR, ACK = 0x01, 0x08, 0x80, 0x10

# Addresses are given, else scapy asks the network for them.
ETHER = Ether(src="02:42:0a:00:00:01", dst="02:42:0a:00:00:02")
links = st.sampled_from([ETHER, ETHER / Dot1Q(vlan=5), ETHER / Dot1AD(vlan=7) / Dot1Q(vlan=9)])
networks = st.sampled_from(
    [
        IP(src="10.0.0.1", dst="10.0.0.2", id=65530, flags="DF"),
        IP(src="10.0.0.1", dst="255.255.0.2", id=7, options=b"\x01" * 8),
        IPv6(src="fd00::1", dst="fd00::2", hlim=3),
        IPv6(src="fd00::1", dst="fd00::2") / IPv6ExtHdrHopByHop() / IPv6ExtHdrDestOpt(),
    ]
)
transports = st.one_of(
    st.builds(
        lambda seq, flags, options: TCP(sport=80, dport=4000, seq=seq, flags=flags | ACK, options=options),
        st.integers(0, 2**32 - 1),
        st.sampled_from([0, FIN, PSH, CWR, FIN | PSH | CWR]),
        st.sampled_from([[], [("NOP", None), ("NOP", None), ("Timestamp", (1, 2))]]),
    ),
    st.just(UDP(sport=53, dport=5353)),
)


def copy(*layers: Packet) -> Packet:
    whole = layers[0].copy()
    for layer in layers[1:]:
        whole = whole / layer.copy()
    return whole


class Super:
    """A super-frame as a kernel hands it over, with its facts."""

    def __init__(self, packet: Packet, size: int) -> None:
        octets = bytearray(bytes(packet))
        inner = packet.getlayer(TCP) or packet.getlayer(UDP, packet.layers().count(UDP))
        transport = len(octets) - len(bytes(inner))
        network = next(layer for layer in reversed(packet.layers()) if layer in (IP, IPv6))
        ip = bytes(packet.getlayer(network, packet.layers().count(network)))
        length = len(octets) - transport
        addresses = ip[12:20] if network is IP else ip[8:40]
        protocol = 6 if isinstance(inner, TCP) else 17
        self.offset = 16 if protocol == 6 else 6
        pseudo = 0xFFFF ^ checksum(addresses + struct.pack(">IHH", length, 0, protocol))
        struct.pack_into(">H", octets, transport + self.offset, pseudo)
        self.octets = bytes(octets)
        self.facts = {"gso_size": size, "csum_start": transport, "csum_offset": self.offset}
        self.facts["gso_type"] = UDP_L4 if protocol == 17 else TCPV4 if network is IP else TCPV6
        self.header = len(octets) - len(bytes(inner.payload))

    def split(self, **changes: int) -> list[bytes]:
        return segments(self.octets, **(self.facts | changes))


def judged(octets: bytes) -> bytes:
    """The octets with every length and checksum computed afresh by scapy."""
    packet = Ether(octets)
    layer = packet
    while not isinstance(layer, Raw) and layer.name != "NoPayload":
        for field in ("len", "chksum", "plen", "ihl", "dataofs"):
            if field in layer.fields:
                del layer.fields[field]
        layer.raw_packet_cache = None
        layer = layer.payload
    return bytes(packet)


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(links, networks, transports, st.integers(0, 6000), st.integers(200, 3000), st.integers(0, 128), st.randoms())
def test_segments_reassemble_to_the_original(link, network, transport, length, size, own, random):
    frame = Super(copy(link, network, transport, Raw(random.randbytes(length))), size)
    parts = frame.split(own=max(own, 14) if own else 0)
    assert len(parts) == max(1, -(-length // size))
    assert b"".join(part[frame.header :] for part in parts) == frame.octets[frame.header :]
    assert all(len(part) == frame.header + size for part in parts[:-1])
    for number, part in enumerate(parts):
        assert judged(part) == part
        packet, original = Ether(part), Ether(frame.octets)
        if IP in packet:
            assert packet[IP].id == (original[IP].id + number) % 65536
        if TCP in packet:
            assert packet[TCP].seq == (original[TCP].seq + number * size) % 2**32
            last, flags = number == len(parts) - 1, int(original[TCP].flags)
            wanted = flags & ~(0 if last else FIN | PSH) & ~(CWR if number else 0)
            assert int(packet[TCP].flags) == wanted
            assert packet[TCP].options == original[TCP].options


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(
    links,
    st.sampled_from([IP(src="1.1.1.1", dst="2.2.2.2", id=9), IPv6(src="fc00::1", dst="fc00::2")]),
    networks,
    transports,
    st.booleans(),
    st.integers(0, 5000),
    st.integers(0, 250),
    st.randoms(),
)
def test_tunnel_segments(link, outer, network, transport, outer_checksum, length, own, random):
    """A VXLAN super-frame: inner and outer headers are made anew for each segment."""
    udp = UDP(sport=50000, dport=4789, chksum=0)
    inside = copy(ETHER, network, transport, Raw(random.randbytes(length)))
    frame = Super(copy(link, outer, udp, VXLAN(vni=42), inside), 1000)
    outside = len(copy(link, outer))
    parts = frame.split(
        gso_type=frame.facts["gso_type"] | (TUNNEL_V4 if isinstance(outer, IP) else TUNNEL_V6),
        outer_csum=outer_checksum,
        outer_transport=outside,
        inner_network=outside + 8 + 8 + 14,
        own=max(own, 14) if own else 0,
    )
    assert len(parts) == max(1, -(-length // 1000))
    assert b"".join(part[frame.header :] for part in parts) == frame.octets[frame.header :]
    for part in parts:
        packet = Ether(part)
        if not outer_checksum:
            assert packet[UDP].chksum == 0
            again = bytearray(judged(part))
            again[outside + 6 : outside + 8] = b"\0\0"
            assert bytes(again) == part
        else:
            assert judged(part) == part
        assert packet[VXLAN].vni == 42


@settings(deadline=None, max_examples=100)
@given(links, networks, transports, st.integers(0, 300), st.integers(0, 128), st.randoms())
def test_checksum_completed(link, network, transport, length, own, random):
    frame = Super(copy(link, network, transport, Raw(random.randbytes(length))), 0)
    (done,) = frame.split(gso_type=0, own=max(own, 14) if own else 0)
    assert done == judged(frame.octets)


def test_checksum_deep_in_a_clone():
    """The checksum field lies behind the octets that a clone has of its own."""
    packet = copy(ETHER, IPv6(src="fd00::1", dst="fd00::2"), *[IPv6ExtHdrDestOpt()] * 12, UDP(dport=9), Raw(b"abc"))
    frame = Super(packet, 0)
    assert frame.facts["csum_start"] > 128
    assert frame.split(gso_type=0, own=128) == frame.split(gso_type=0) == [judged(frame.octets)]


def test_udp_checksum_zero_is_sent_as_ffff():
    """RFC 768: a computed zero is transmitted as all ones."""
    octets = bytearray(bytes(ETHER / IP(src="10.0.0.1", dst="10.0.0.2") / UDP(sport=1, dport=2, chksum=0) / b"\0\0"))
    transport = 34
    pseudo = checksum(bytes(octets[26:34]) + struct.pack(">IHH", 10, 0, 17)) ^ 0xFFFF
    struct.pack_into(">H", octets, transport + 6, pseudo)
    # Choose the payload so that everything adds up to minus zero.
    struct.pack_into(">H", octets, transport + 8, checksum(bytes(octets[transport:])))
    (done,) = segments(bytes(octets), csum_start=transport, csum_offset=6)
    assert done[transport + 6 : transport + 8] == b"\xff\xff"


def a_super() -> Super:
    return Super(copy(ETHER, IP(src="10.0.0.1", dst="10.0.0.2"), TCP(flags="A"), Raw(bytes(5000))), 1000)


@pytest.mark.parametrize(
    "changes",
    [
        {"gso_size": 0},
        {"gso_type": 3},
        {"gso_type": TCPV6},
        {"gso_type": UDP_L4},
        {"gso_type": 77},
        {"gso_type": UDP_L4 | ECN},
        {"gso_type": TCPV4 | TUNNEL_V4},
        {"gso_type": TCPV4 | TUNNEL_V4 | TUNNEL_V6},
        {"csum_start": 33},
        {"csum_start": 65535},
        {"csum_offset": 6},
        {"csum_offset": 65535},
        {"gso_type": 0, "csum_start": 13},
        {"gso_type": 0, "csum_start": 5053},
        {"gso_type": 0, "csum_start": 600},
    ],
)
def test_facts_that_do_not_fit(changes):
    with pytest.raises(ValueError, match="bad offload"):
        a_super().split(**changes)


def test_fragment_is_no_super_frame():
    packet = copy(ETHER, IP(src="10.0.0.1", dst="10.0.0.2", flags="MF"), TCP(), Raw(bytes(5000)))
    with pytest.raises(ValueError, match="bad offload"):
        Super(packet, 1000).split()


def test_too_many_segments():
    frame = Super(copy(ETHER, IP(src="10.0.0.1", dst="10.0.0.2"), TCP(), Raw(bytes(2049 * 8))), 8)
    with pytest.raises(ValueError, match="turn budget"):
        frame.split()
    assert len(frame.split(gso_size=9)) == 1822


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_hostile_facts_never_reach_beyond_the_octets(data):
    """Random facts on truncated and mutated frames: a named reason or segments, never a fault (run under ASan in `make debug`)."""
    frame = data.draw(st.sampled_from([a_super(), Super(copy(ETHER, IPv6(), IPv6ExtHdrHopByHop(), UDP(), Raw(bytes(999))), 99)]))
    octets = bytearray(frame.octets[: data.draw(st.integers(14, len(frame.octets)))])
    for _ in range(data.draw(st.integers(0, 4))):
        octets[data.draw(st.integers(0, min(len(octets), 90) - 1))] = data.draw(st.integers(0, 255))
    facts = dict(frame.facts)
    for name in data.draw(st.sets(st.sampled_from([*facts, "outer_transport", "inner_network", "outer_csum"]))):
        facts[name] = data.draw(st.integers(0, 255 if name == "gso_type" else 65535))
    try:
        parts = segments(bytes(octets), own=data.draw(st.integers(0, min(256, len(octets)))), **facts)
    except ValueError as error:
        assert str(error) in ("bad offload", "turn budget")
    else:
        assert 1 <= len(parts) <= 2048


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(
    links,
    networks,
    transports,
    st.integers(0, 6000),
    st.integers(40, 1500),
    st.integers(0, 128),
    st.integers(0, 4000),
    st.randoms(),
)
def test_pieces_are_the_same_segments(link, network, transport, length, size, own, more, random):
    """A super-frame that is too long for its tunnel is split into shorter ones; what leaves in the end is the same."""
    frame = Super(copy(link, network, transport, Raw(random.randbytes(length))), size)
    longest = frame.header + size + more
    whole = frame.split()
    if frame.header > 128:
        return
    found = pieces(frame.octets, longest, own=max(own, frame.header) if own else 0, **frame.facts)
    assert all(len(one["octets"]) <= longest for one in found)
    assert len(found) <= max(1, -(-length // ((longest - frame.header) // size * size)))
    assert [segment for one in found for segment in segments(one.pop("octets"), **one)] == whole


@pytest.mark.parametrize(
    ("change", "reason"), [({"gso_type": 0}, "bad offload"), ({"gso_size": 0}, "bad offload"), ({}, "bad offload")]
)
def test_what_cannot_be_split(change, reason):
    """Too long, and no super-frame; or not even a segment would fit."""
    frame = Super(copy(ETHER, IP(src="1.1.1.1", dst="2.2.2.2"), TCP(), Raw(bytes(4000))), 1000)
    with pytest.raises(ValueError, match=reason):
        pieces(frame.octets, 200, **(frame.facts | change))
