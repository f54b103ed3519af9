"""MSS clamping: the value, and a checksum that is what Scapy computes."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.inet6 import IPv6, IPv6ExtHdrDestOpt
from scapy.layers.l2 import Ether
from scapy.packet import Raw

from fastpath.testing import Answerer
from tests.fastpath.packets import ETHER, Stage, judged, undone

OLD, NEW = IP(src="10.0.0.1", dst="10.0.0.254"), IPv6(src="fd00::1", dst="fd00::fe")
SYN, ACK = 0x02, 0x10


def clamp(packet, mss=1360) -> list[bytes]:
    return Stage(Answerer, "clamp", parameter=mss).send(packet if isinstance(packet, bytes) else bytes(ETHER / packet))


@settings(deadline=None, max_examples=150)
@given(
    st.sampled_from([OLD, NEW, NEW / IPv6ExtHdrDestOpt()]),
    st.sampled_from([SYN, SYN | ACK]),
    st.integers(1, 65535),
    st.integers(536, 1500),
    st.integers(0, 5),
    st.sampled_from([[], [("WScale", 7)], [("SAckOK", b""), ("Timestamp", (1, 2))]]),
    st.integers(0, 65535),
    st.booleans(),
)
def test_clamped(header, flags, mss, limit, nops, after, port, damaged):
    """Smaller is left alone; at an odd offset as at an even one; what was corrupt stays corrupt (NAT-12)."""
    segment = TCP(sport=port, dport=80, flags=flags, seq=port * 7, options=[("NOP", None)] * nops + [("MSS", mss), *after])
    frame = bytearray(bytes(ETHER / header.copy() / segment))
    if damaged:
        frame[len(frame) - len(bytes(segment)) + 14] ^= 0x40  # in the window
    out = clamp(bytes(frame), limit)
    if mss <= limit:
        assert out == []
        return
    (octets,) = out
    assert ("MSS", limit) in Ether(octets)[TCP].options
    assert (judged(octets) == octets) != damaged
    again = Ether(octets)
    again[TCP].options = [("MSS", mss) if name == "MSS" else (name, value) for name, value in again[TCP].options]
    del again[TCP].chksum
    if not damaged:
        assert bytes(again) == bytes(frame)


@pytest.mark.parametrize(
    "packet",
    [
        OLD / TCP(flags=ACK, options=[("MSS", 9000)]),
        OLD / TCP(flags=SYN),
        OLD / UDP(),
        OLD / TCP(flags=SYN, options=[("EOL", None), ("MSS", 9000)]),
        OLD / TCP(flags=SYN, dataofs=7) / Raw(b"\x01\x01\x02\x04\x05\xb4"),
        OLD / TCP(flags=SYN, dataofs=7) / Raw(b"\x03\x00\x02\x04\xff\xff\x01\x01"),
        OLD / TCP(flags=SYN, dataofs=6) / Raw(b"\x02\x03\xff\xff"),
        OLD / TCP(flags=SYN, dataofs=6) / Raw(b"\x01\x02\x04\xff"),
        OLD / TCP(flags=SYN, dataofs=15),
        OLD / TCP(flags=SYN, dataofs=3),
        IP(src="10.0.0.1", dst="10.0.0.254", frag=1) / TCP(flags=SYN, options=[("MSS", 9000)]),
    ],
)
def test_left_alone(packet):
    """No SYN, no such option, or headers that lie: nothing is changed."""
    assert clamp(packet) == []


@pytest.mark.parametrize("header", [OLD, NEW])
@pytest.mark.parametrize("nops", [0, 1])
def test_a_checksum_left_undone_stays_the_pseudo_headers(header, nops):
    """What completes it later finds the value that we wrote."""
    options = [("NOP", None)] * nops + [("MSS", 9000)]
    frame = bytes(ETHER / header.copy() / TCP(sport=1, dport=2, flags="S", options=options))
    (octets,) = Stage(Answerer, "clamp", parameter=1360).replay(undone(frame))
    assert ("MSS", 1360) in Ether(octets)[TCP].options
    assert judged(octets) == octets
