"""VXLAN put on and taken off, without a VTEP: what Scapy reads, what the kernel sends, and what comes back is what went in."""

import struct

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Dot1Q, Ether
from scapy.layers.vxlan import VXLAN
from scapy.packet import Raw

from fastpath.wire import checksum as summed
from tests.vxlan.stage import ARPS, ENDS, INNER, SIZES, VNI, Pop, Push


@pytest.fixture(params=[4, 6], ids=["ipv4", "ipv6"])
def version(request) -> int:
    return request.param


# -- there and back --------------------------------------------------------------------------------------------------------------

ADDRESSES = st.sampled_from([bytes.fromhex(text) for text in ("02420a000001", "02420a000002", "ffffffffffff", "01005e010203")])
TYPES = st.sampled_from([b"\x08\x00", b"\x86\xdd", b"\x08\x06", b"\x88\xb5", b"\x00\x10"])
TAGS = st.sampled_from([b"", b"\x81\x00\x20\x3d", b"\x88\xa8\x00\x07\x81\x00\x00\x08"])


@st.composite
def frames(draw) -> bytes:
    """Any frame: addresses, tags, a type, and octets, which may or may not be what the type says."""
    head = draw(ADDRESSES) + draw(ADDRESSES) + draw(TAGS) + draw(TYPES)
    kind = draw(st.sampled_from(["octets", "ip", "long"]))
    if kind == "octets":
        return head + draw(st.binary(max_size=200))
    if kind == "long":
        return head + bytes(draw(st.integers(0, 65_549 - 70 - len(head))))
    header = (
        IP(src="10.0.0.1", dst="10.0.0.2", tos=draw(st.integers(0, 255)))
        if head[-2:] == b"\x08\x00"
        else IPv6(tc=draw(st.integers(0, 255)))
    )
    return head + bytes(header / UDP(sport=draw(st.integers(0, 65535))) / Raw(draw(st.binary(max_size=50))))


@settings(deadline=None, max_examples=400)
@given(
    st.lists(frames(), min_size=1, max_size=5),
    st.sampled_from([4, 6]),
    st.integers(1, (1 << 24) - 1),
    st.booleans(),
    st.integers(1, 65535),
)
@example([bytes(14)], 4, 1, True, 4789)
@example([bytes(65_549 - 50)], 4, 1, True, 4789)
@example([bytes(65_549 - 70)], 6, 1, True, 4789)
def test_what_comes_back_is_what_went_in(inner, version, vni, checksum, port):
    """decap(encap(x)) == x for every frame that fits, tags and all, by both families, checksum or not (VX-1, VX-6)."""
    outer = Push(version, vni=vni, checksum=checksum, port=port).send(*inner)
    assert [len(frame) for frame in outer] == [len(frame) + SIZES[version] for frame in inner]
    pop = Pop(port=port)
    assert pop.send(*outer) == inner
    assert not pop.drops()


def test_the_largest_frame_that_fits_and_the_next(version):
    """VX-12: never cut, never in fragments."""
    largest = 14 + 65_535 - SIZES[version]
    push = Push(version)
    (outer,) = push.send(bytes(largest))
    assert Pop().send(outer) == [bytes(largest)]
    assert push.send(bytes(largest + 1)) == []
    assert push.drops() == {"too big": 1}


def test_mtu(version):
    """VX-12: a frame that does not fit is dropped by the name; with a larger MTU it fits."""
    inner = bytes(ARPS) + bytes(1472)
    small, large = (Push(version, mtu=mtu) for mtu in (1500, 1600))
    assert small.send(inner) == []
    assert small.drops() == {"mtu": 1}
    assert len(large.send(inner)) == 1


# -- the header ------------------------------------------------------------------------------------------------------------------


def test_the_header_octet_by_octet(version):
    """VX-1, VX-2, VX-3, VX-5, VX-21: as Scapy builds it."""
    (outer,) = Push(version, seed=5).send(ARPS)
    packet = Ether(outer)
    sport = packet[UDP].sport
    assert sport >= 49152
    ends = ENDS[version]
    head = (
        IP(src=ends["local"], dst=ends["remote"], id=0, flags="DF", ttl=64)
        if version == 4
        else IPv6(src=ends["local"], dst=ends["remote"], hlim=64)
    )
    udp = UDP(sport=sport, dport=4789, **({"chksum": 0} if version == 4 else {}))
    wanted = Ether(src="02:42:c0:00:02:01", dst="02:42:c0:00:02:02") / head / udp / VXLAN(flags=8, vni=VNI) / Raw(ARPS)
    assert outer.hex() == bytes(wanted).hex()


@pytest.mark.parametrize("vni", [1, 2, 0x00FF00, (1 << 24) - 1])
def test_any_vni(version, vni):
    """VX-1."""
    (outer,) = Push(version, vni=vni).send(INNER)
    assert outer[-len(INNER) - 8 : -len(INNER)] == b"\x08\0\0\0" + vni.to_bytes(3) + b"\0"


@pytest.mark.parametrize("size", [0, 1, 2, 7, 1400])
def test_a_checksum_that_is_asked_for_is_right(version, size):
    """VX-5."""
    (outer,) = Push(version, checksum=True).send(INNER + bytes(n % 251 for n in range(size)))
    start = SIZES[version] - 16
    addresses = outer[26:34] if version == 4 else outer[22:54]
    assert outer[start + 6 : start + 8] != b"\0\0"
    assert summed(addresses + struct.pack(">HH", 17, len(outer) - start) + outer[start:]) == 0


def test_the_same_flow_has_the_same_port_and_40_flows_have_20(version):
    """VX-4; the two directions of a flow have ports of their own; another seed gives others."""

    def ports(seed: int, *flows: tuple[str, str, int, int]) -> list[int]:
        inner = [bytes(Ether() / IP(src=a, dst=b) / UDP(sport=s, dport=d)) for a, b, s, d in flows]
        return [Ether(outer)[UDP].sport for outer in Push(version, seed=seed).send(*inner)]

    flows = [("10.0.0.1", "10.0.0.2", 1000 + n, 53) for n in range(40)]
    assert ports(0, *flows) == ports(0, *flows)
    assert len(set(ports(0, *flows))) >= 20
    assert ports(0, *flows) != ports(1, *flows)
    there, back = ports(0, flows[0], ("10.0.0.2", "10.0.0.1", 53, 1000))
    assert there != back


def test_a_fixed_source_port(version):
    assert Ether(Push(version, source_port=4444).send(INNER)[0])[UDP].sport == 4444


def test_ttl_and_dscp_fixed_or_inherited(version):
    """VX-21: of what is not IP, TTL stays and DSCP is 0. VX-19: ECN is the inner packet's always."""

    def seen(inner: bytes, **settings) -> tuple[int, int]:
        packet = Ether(Push(version, **settings).send(inner)[0])
        return (packet[IP].ttl, packet[IP].tos) if version == 4 else (packet[IPv6].hlim, packet[IPv6].tc)

    assert seen(INNER) == (64, 0x01)
    assert seen(INNER, ttl=9, dscp=5) == (9, 5 << 2 | 1)
    assert seen(INNER, ttl=-1, dscp=-1) == (7, 0xB9)
    assert seen(ARPS, ttl=-1, dscp=-1) == (64, 0)


def test_inner_tags_are_kept_or_taken_off():
    """VX-18."""
    tagged = bytes(Ether(src="02:42:0a:00:00:01", dst="02:42:0a:00:00:02") / Dot1Q(vlan=61) / Raw(b"\x00" * 50))
    bare = tagged[:12] + tagged[16:]
    (kept,) = Push().send(tagged)
    assert Pop().send(kept) == [tagged]
    assert Pop(strip_vlan=True).send(kept) == [bare]
    assert Pop().send(*Push(strip_vlan=True).send(tagged)) == [bare]
    tags_only = tagged[:12] + b"\x81\0\0\x01" * 3
    push = Push(strip_vlan=True)
    assert push.send(tags_only[:16]) == []
    assert push.drops() == {"runt": 1}
