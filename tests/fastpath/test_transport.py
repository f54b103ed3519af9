"""Checksums of what is for us, and resets, judged by Scapy."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import ICMPv6EchoRequest, IPv6, IPv6ExtHdrDestOpt
from scapy.layers.l2 import Ether
from scapy.layers.sctp import SCTP
from scapy.packet import Raw

from fastpath.testing import Answerer
from tests.fastpath.packets import ETHER, Stage, judged, undone

OLD, NEW = IP(src="10.0.0.1", dst="10.0.0.254"), IPv6(src="fd00::1", dst="fd00::fe")
FIN, SYN, RST, PSH, ACK = 0x01, 0x02, 0x04, 0x08, 0x10
headers = st.sampled_from([OLD, NEW, NEW / IPv6ExtHdrDestOpt()])


@settings(deadline=None, max_examples=80)
@given(headers, st.sampled_from([UDP(), TCP(), ICMP(), ICMPv6EchoRequest()]), st.binary(max_size=99), st.integers(0, 10**6))
def test_good_and_bad(header, layer, payload, seed):
    """Any one bit changed in the message is seen; padding is not part of it."""
    if isinstance(layer, ICMP) != (header is OLD) and not isinstance(layer, UDP | TCP):
        return
    packet = ETHER / header.copy() / layer.copy() / Raw(payload)
    octets = bytes(packet)
    node = Stage(Answerer, "good")
    assert len(node.send(octets + bytes(9))) == 1
    wrong = bytearray(octets)
    start = len(octets) - len(payload) - (20 if isinstance(layer, TCP) else 8)
    bit = random.Random(seed).randrange(start * 8, len(octets) * 8)
    wrong[bit // 8] ^= 1 << bit % 8
    if isinstance(layer, UDP) and not wrong[start + 6] and not wrong[start + 7]:
        return
    assert node.send(bytes(wrong)) == []


@pytest.mark.parametrize(("header", "fine"), [(OLD, True), (NEW, False)])
def test_udp_without_a_checksum(header, fine):
    """RFC 768; RFC 8200, 8.1."""
    assert bool(Stage(Answerer, "good").send(bytes(ETHER / header.copy() / UDP(chksum=0) / Raw(b"x")))) == fine


@pytest.mark.parametrize("length", [0, 7, 18, 65535])
def test_udp_length_that_lies(length):
    assert Stage(Answerer, "good").send(bytes(ETHER / OLD / UDP(len=length) / Raw(b"xxxxxxxxx"))) == []


def test_other_protocols_are_not_judged():
    assert Stage(Answerer, "good").send(bytes(ETHER / OLD / SCTP(sport=1, dport=2)))


@settings(deadline=None, max_examples=120)
@given(
    headers,
    st.sampled_from([0, SYN, ACK, SYN | ACK, FIN | ACK, PSH | ACK, FIN, SYN | FIN]),
    st.integers(0, 2**32 - 1),
    st.integers(0, 2**32 - 1),
    st.sampled_from([[], [("MSS", 1460), ("NOP", None), ("WScale", 7)]]),
    st.binary(max_size=50),
)
def test_reset(header, flags, seq, ack, options, payload):
    """RFC 9293, 3.10.7.1: <SEQ=SEG.ACK><CTL=RST>, or <SEQ=0><ACK=SEG.SEQ+SEG.LEN><CTL=RST,ACK>."""
    segment = TCP(sport=4000, dport=81, flags=flags, seq=seq, ack=ack, options=options)
    (octets,) = Stage(Answerer, "reset").send(bytes(ETHER / header.copy() / segment / Raw(payload)) + bytes(4))
    assert judged(octets) == octets
    answer = Ether(octets)
    network = IP if header is OLD else IPv6
    assert (answer[network].src, answer[network].dst) == (header.dst, header.src)
    assert (answer.src, answer.dst) == (ETHER.dst, ETHER.src)
    assert (answer[TCP].sport, answer[TCP].dport, answer[TCP].window) == (81, 4000, 0)
    if flags & ACK:
        assert (answer[TCP].flags, answer[TCP].seq, answer[TCP].ack) == (RST, ack, 0)
    else:
        length = len(payload) + bool(flags & SYN) + bool(flags & FIN)
        assert (answer[TCP].flags, answer[TCP].seq, answer[TCP].ack) == (RST | ACK, 0, (seq + length) % 2**32)


@pytest.mark.parametrize(
    "packet",
    [
        OLD / TCP(flags=RST),
        NEW / TCP(flags=RST | ACK),
        OLD / TCP(flags=SYN, chksum=1),
        OLD / TCP(flags=SYN, dataofs=4),
        OLD / TCP(flags=SYN, dataofs=15),
        OLD / UDP(),
        IP(src="0.0.0.0", dst="10.0.0.254") / TCP(flags=SYN),
        IP(src="10.0.0.1", dst="224.0.0.1") / TCP(flags=SYN),
        IP(src="10.0.0.1", dst="10.0.0.254", flags=1) / TCP(flags=SYN),
    ],
)
def test_no_reset(packet):
    """A RST is never answered with one, nor is what is damaged or nobody's."""
    assert Stage(Answerer, "reset").send(bytes(ETHER / packet)) == []


def test_no_reset_to_a_group_frame():
    assert Stage(Answerer, "reset").send(bytes(Ether(src=ETHER.src, dst="ff:ff:ff:ff:ff:ff") / OLD / TCP(flags=SYN))) == []


@pytest.mark.parametrize("header", [OLD, NEW])
def test_a_checksum_left_undone_is_good(header):
    """And a SYN with one is answered (the sender's kernel trusts its card)."""
    frame = undone(bytes(ETHER / header.copy() / TCP(sport=1, dport=2, flags="S")))
    assert len(Stage(Answerer, "good").replay(frame)) == 1
    (octets,) = Stage(Answerer, "reset").replay(frame)
    assert judged(octets) == octets
