"""Tunnel super-frames as a packet socket tells of them: the facts of the inside come with them, those of the outside are found."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Dot1Q
from scapy.layers.vxlan import VXLAN
from scapy.packet import Raw

from fastpath.facts import tunnel_facts
from fastpath.offload import segments
from tests.fastpath.test_offload import ETHER, TCPV4, TUNNEL_V4, TUNNEL_V6, Super, copy

OUTER = {4: IP(src="192.0.2.1", dst="192.0.2.2"), 6: IPv6(src="2001:db8::1", dst="2001:db8::2")}
INNER = {4: IP(src="10.0.0.1", dst="10.0.0.2", id=7), 6: IPv6(src="fd00::1", dst="fd00::2")}
LENGTH = {4: 20, 6: 40}
STREAM = TCP(sport=80, dport=4000, seq=9, flags="A", options=[("NOP", None), ("NOP", None), ("Timestamp", (1, 2))])
QUERY = UDP(sport=53, dport=5353)


def tunnelled(outer=4, inner=4, transport=STREAM, checksum=0, link=ETHER, inside=ETHER):
    """5,000 octets in a tunnel packet, segments of 1,000."""
    udp = UDP(sport=50000, dport=4789, chksum=checksum)
    return Super(copy(link, OUTER[outer], udp, VXLAN(vni=42), inside, INNER[inner], transport, Raw(bytes(range(250)) * 20)), 1000)


@pytest.mark.parametrize("tag", [0, 4])
@pytest.mark.parametrize("checksum", [0, 0x1234])
@pytest.mark.parametrize("transport", [STREAM, QUERY], ids=["tcp", "udp"])
@pytest.mark.parametrize("inner", [4, 6])
@pytest.mark.parametrize("outer", [4, 6])
def test_the_outside_is_found(outer, inner, transport, checksum, tag):
    """A non-zero outer checksum is one that each segment is to have."""
    link = ETHER / Dot1Q(vlan=5) if tag else ETHER
    frame = tunnelled(outer, inner, transport, checksum, link)
    outside = 14 + tag + LENGTH[outer]
    told = tunnel_facts(frame.octets, **frame.facts)
    assert told == {
        "outer_csum": bool(checksum),
        "gso_type": frame.facts["gso_type"] | (TUNNEL_V4 if outer == 4 else TUNNEL_V6),
        "header": frame.header,
        "outer_transport": outside,
        "inner_network": outside + 8 + 8 + 14,
    }
    del told["header"]
    assert len(segments(frame.octets, **(frame.facts | told))) == 5


def test_a_tag_inside():
    told = tunnel_facts(tunnelled(inside=ETHER / Dot1Q(vlan=5)).octets, **tunnelled(inside=ETHER / Dot1Q(vlan=5)).facts)
    assert told
    assert told["inner_network"] == 14 + 20 + 8 + 8 + 18


@pytest.mark.parametrize(
    "change",
    [{"gso_type": 0}, {"gso_type": TCPV4 | TUNNEL_V4}, {"gso_type": 4}, {"gso_type": 5}, {"gso_size": 0}, {"csum_start": 34},
     {"csum_start": 85}, {"csum_offset": 6}],
)  # fmt: skip
def test_facts_that_do_not_fit(change):
    frame = tunnelled()
    assert tunnel_facts(frame.octets, **frame.facts)
    assert tunnel_facts(frame.octets, **(frame.facts | change)) is None


def test_something_else():
    """TCP without a tunnel, a fragment outside or inside, a tunnel that is cut off anywhere in its headers."""
    for network, inner in ((IP(src="192.0.2.1", dst="192.0.2.2", flags="MF"), INNER[4]), (OUTER[4], IP(frag=3))):
        udp = UDP(sport=50000, dport=4789, chksum=0)
        frame = Super(copy(ETHER, network, udp, VXLAN(vni=42), ETHER, inner, STREAM, Raw(bytes(5000))), 1000)
        assert tunnel_facts(frame.octets, **frame.facts) is None
    frame = Super(copy(ETHER, INNER[4], STREAM, Raw(bytes(5000))), 1000)
    assert tunnel_facts(frame.octets, **frame.facts) is None
    frame = tunnelled()
    for n in range(1, frame.header):
        assert tunnel_facts(frame.octets[:n], **frame.facts) is None


@given(st.data())
def test_hostile_frames(data):
    """Whatever the octets: facts that fit them, or none."""
    octets = bytearray(tunnelled(data.draw(st.sampled_from([4, 6]))).octets[: data.draw(st.integers(1, 400))])
    for _ in range(data.draw(st.integers(0, 6))):
        octets[data.draw(st.integers(0, min(len(octets), 130) - 1))] = data.draw(st.integers(0, 255))
    told = tunnel_facts(
        octets,
        gso_type=data.draw(st.sampled_from([1, 4, 5])),
        gso_size=data.draw(st.integers(0, 2000)),
        csum_start=data.draw(st.integers(0, 200)),
        csum_offset=data.draw(st.sampled_from([6, 16])),
    )
    assert told is None or told["inner_network"] < told["header"] <= len(octets)
