"""Errors, their rate, and echo replies, judged by Scapy."""

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import (
    ICMPv6DestUnreach,
    ICMPv6EchoReply,
    ICMPv6EchoRequest,
    ICMPv6ND_Redirect,
    ICMPv6PacketTooBig,
    ICMPv6ParamProblem,
    IPv6,
    IPv6ExtHdrDestOpt,
    IPv6ExtHdrFragment,
)
from scapy.layers.l2 import Ether
from scapy.packet import Packet, Raw

from fastpath.testing import TROUBLES, Answerer
from fastpath.wire import checksum
from tests.fastpath.packets import ETHER, OURS, Stage, judged, octets_of, undone

SOURCES = [octets_of(address) for address in OURS]
OLD, NEW = IP(src="10.0.0.1", dst="10.9.9.9"), IPv6(src="fd00::1", dst="fd09::9")
# Type and code, IPv4 and IPv6.
WANTED = {
    "no way": ((3, 0), (1, 0)),
    "no host": ((3, 1), (1, 3)),
    "no protocol": ((3, 2), (4, 1)),
    "no port": ((3, 3), (1, 4)),
    "big": ((3, 4), (2, 0)),
    "prohibited": ((3, 13), (1, 1)),
    "lifetime": ((11, 0), (3, 0)),
    "reassembly time": ((11, 1), (3, 1)),
    "bad field": ((12, 0), (4, 0)),
    "bad option": ((12, 0), (4, 2)),
    "cut chain": ((12, 0), (4, 3)),
}


def errors(trouble: str = "lifetime", parameter: int = 0, **settings: int) -> Stage:
    return Stage(Answerer, "error", trouble=trouble, parameter=parameter, sources=SOURCES, **settings)


def test_every_trouble_is_tried():
    assert WANTED.keys() == TROUBLES.keys()


@pytest.mark.parametrize("header", [OLD, NEW])
@pytest.mark.parametrize("trouble", WANTED)
@pytest.mark.parametrize("length", [0, 9, 500, 1400])
def test_errors(trouble, header, length):
    """L3-6: type and code, source and target, the quote as it came: at most 576 or 1,280 octets in all."""
    packet = bytes(ETHER / header.copy() / UDP(sport=5, dport=6) / Raw((bytes(range(250)) * 6)[:length]))
    (octets,) = errors(trouble, 40).send(packet + bytes(7))
    old = header is OLD
    assert judged(octets) == octets
    assert octets[:14] == packet[6:12] + packet[:6] + packet[12:14]
    error = Ether(octets)[IP if old else IPv6]
    assert (error.src, error.dst) == (OURS[not old], header.src)
    message = octets[34 if old else 54 :]
    assert tuple(message[:2]) == WANTED[trouble][not old]
    assert message[8:] == packet[14:][: (576 - 28) if old else (1280 - 48)]
    rest = {"big": 40, "bad field": 40 << 24 if old else 40, "bad option": 40 << 24 if old else 40, "no protocol": 0 if old else 40}
    assert struct.unpack(">I", message[4:8])[0] == rest.get(trouble, 0)
    if old:
        assert error.tos == 0xC0
        assert (error.ttl, int(error.flags), error.options) == (64, 0, [])


def test_the_type_of_service_is_the_packets_own():
    """RFC 1812, 4.3.2.5; without the ECN field, for an error is not ECN-capable (RFC 3168, 6.1.1)."""
    packet = OLD.copy()
    packet.tos = 0x1E
    (octets,) = errors().send(bytes(ETHER / packet / UDP()))
    assert Ether(octets)[IP].tos == 0xDC


SILENT = {
    "an error": OLD / ICMP(type=3, code=1) / OLD / UDP(),
    "a redirect": OLD / ICMP(type=5) / OLD / UDP(),
    "an unknown type": OLD / ICMP(type=99),
    "no type at all": IP(src="10.0.0.1", dst="10.9.9.9", proto=1),
    "a later fragment": IP(src="10.0.0.1", dst="10.9.9.9", frag=5) / Raw(bytes(8)),
    "a group": IP(src="10.0.0.1", dst="224.1.2.3") / UDP(),
    "everybody": IP(src="10.0.0.1", dst="255.255.255.255") / UDP(),
    "nobody": IP(src="0.0.0.0", dst="10.9.9.9") / UDP(),
    "loopback": IP(src="127.0.0.1", dst="10.9.9.9") / UDP(),
    "from a group": IP(src="224.0.0.1", dst="10.9.9.9") / UDP(),
    "class E": IP(src="250.0.0.1", dst="10.9.9.9") / UDP(),
    "a v6 error": NEW / ICMPv6DestUnreach() / NEW / UDP(),
    "a v6 error behind options": NEW / IPv6ExtHdrDestOpt() / ICMPv6ParamProblem() / NEW / UDP(),
    "a v6 redirect": NEW / ICMPv6ND_Redirect(),
    "a v6 group": IPv6(src="fd00::1", dst="ff0e::1") / UDP(),
    "a v6 later fragment": NEW / IPv6ExtHdrFragment(offset=4, nh=17) / Raw(bytes(8)),
    "v6 unspecified": IPv6(src="::", dst="fd09::9") / UDP(),
    "v6 loopback": IPv6(src="::1", dst="fd09::9") / UDP(),
    "v6 from a group": IPv6(src="ff02::1", dst="fd09::9") / UDP(),
}


@pytest.mark.parametrize("packet", SILENT.values(), ids=SILENT.keys())
def test_no_error_is_sent_about(packet):
    """L3-7; RFC 1122, 3.2.2; RFC 4443, 2.4 e."""
    node = errors("no way")
    assert node.send(bytes(ETHER / packet)) == []
    assert node.node.named_counters() == {"sent": 0, "limited": 0, "silent": 1}


@pytest.mark.parametrize("target", ["ff:ff:ff:ff:ff:ff", "01:00:5e:01:02:03", "33:33:00:00:00:01"])
@pytest.mark.parametrize("header", [OLD, NEW])
def test_no_error_about_frames_for_groups(target, header):
    assert errors().send(bytes(Ether(src=ETHER.src, dst=target) / header.copy() / UDP())) == []


@pytest.mark.parametrize("trouble", ["big", "bad option"])
def test_groups_are_told_of_an_mtu_and_of_options(trouble):
    """RFC 4443, 2.4 e.3: path MTU discovery works for groups; not over IPv4."""
    link = Ether(src=ETHER.src, dst="33:33:00:00:00:01")
    assert len(errors(trouble).send(bytes(link / IPv6(src="fd00::1", dst="ff0e::1") / UDP()))) == 1
    assert errors(trouble).send(bytes(link / IP(src="10.0.0.1", dst="224.1.2.3") / UDP())) == []


@pytest.mark.parametrize("packet", [OLD / ICMP(type=8), OLD / ICMP(type=13), NEW / ICMPv6EchoRequest(), NEW / UDP(), OLD / TCP()])
def test_questions_are_answered_with_errors(packet):
    assert len(errors().send(bytes(ETHER / packet))) == 1


def test_the_first_fragment_may_be_complained_about():
    assert len(errors().send(bytes(ETHER / IP(src="10.0.0.1", dst="10.9.9.9", flags=1) / UDP()))) == 1


def test_rate():
    """100/s by default (RFC 1812, 4.3.2.8; RFC 4443, 2.4 f): a burst of 50, then one in 10 ms; what is saved up is bounded."""
    node = errors()
    frame = bytes(ETHER / OLD.copy() / UDP())
    assert len(node.send(*[frame] * 80, now=10)) == 50
    assert len(node.send(frame, now=10.009)) == 0
    assert len(node.send(frame, frame, now=10.0101)) == 1
    assert len(node.send(*[frame] * 80, now=10.2)) == 18 + 1
    assert len(node.send(*[frame] * 80, now=1000)) == 50
    assert node.node.named_counters()["limited"] == 30 + 1 + 1 + 61 + 30


def test_no_rate_at_all():
    assert errors(rate=0).send(bytes(ETHER / OLD.copy() / UDP())) == []
    assert len(errors(rate=1, burst=0).send(*[bytes(ETHER / OLD.copy() / UDP())] * 3)) == 1


# -- echo -----------------------------------------------------------------------------------------------------------------


def echo(version: int, payload: bytes, **fields: int) -> Packet:
    if version == 4:
        return ETHER / IP(src="10.0.0.1", dst="10.0.0.254", id=77, ttl=3, **fields) / ICMP(type=8, id=5, seq=6) / Raw(payload)
    return ETHER / IPv6(src="fd00::1", dst="fd00::fe", hlim=3) / ICMPv6EchoRequest(id=5, seq=6) / Raw(payload)


@settings(deadline=None, max_examples=60)
@given(st.sampled_from([4, 6]), st.binary(max_size=1472))
def test_echo(version, payload):
    """L3-5: the reply, whose checksums are what Scapy computes; padding stays behind."""
    request = bytes(echo(version, payload))
    (octets,) = Stage(Answerer, "echo").send(request + bytes(3))
    assert octets[-3:] == bytes(3)
    octets = octets[:-3]
    assert judged(octets) == octets
    reply = Ether(octets)
    if version == 4:
        assert (reply[IP].src, reply[IP].dst, reply[IP].ttl, reply[ICMP].type) == ("10.0.0.254", "10.0.0.1", 64, 0)
        assert octets[38:] == request[38:]
    else:
        assert (reply[IPv6].src, reply[IPv6].dst, reply[IPv6].hlim) == ("fd00::fe", "fd00::1", 64)
        assert ICMPv6EchoReply in reply
        assert octets[58:] == request[58:]


def test_echo_of_a_group_comes_from_one_address():
    """RFC 4443, 4.2: the source of the reply is an address of ours."""
    request = bytes(ETHER / IPv6(src="fd00::1", dst="ff02::1") / ICMPv6EchoRequest(data=b"all"))
    (octets,) = Stage(Answerer, "echo", sources=SOURCES).send(request)
    assert judged(octets) == octets
    assert (Ether(octets)[IPv6].src, Ether(octets)[IPv6].dst) == ("fd00::fe", "fd00::1")


@pytest.mark.parametrize("version", [4, 6])
def test_echo_that_is_wrong(version):
    """L3-5: a wrong checksum gets nothing; neither does what is no request, or too short."""
    octets = bytearray(bytes(echo(version, b"payload")))
    octets[-1] ^= 1
    node = Stage(Answerer, "echo")
    assert node.send(bytes(octets)) == []
    assert node.drops() == {"bad checksum": 1}
    node = Stage(Answerer, "echo")
    assert node.send(bytes(ETHER / (OLD / ICMP(type=0) if version == 4 else NEW / ICMPv6EchoReply()))) == []
    assert node.drops() == {"no service": 1}
    whole = bytes(echo(version, b"payload"))
    start = 34 if version == 4 else 54
    for end in range(14, len(whole)):
        cut = bytearray(whole[:end])
        if end >= start:
            struct.pack_into(">H", cut, 16 if version == 4 else 18, end - (14 if version == 4 else 54))
            if version == 4:
                cut[24:26] = b"\0\0"
                cut[24:26] = struct.pack(">H", checksum(bytes(cut[14:34])))
        node = Stage(Answerer, "echo")
        assert node.send(bytes(cut)) == []
        assert sum(node.drops().values()) == 1


def test_corner_of_the_incremental_checksum():
    """An update leaves minus zero, though there is nothing but zeros; RFC 1624, 3 takes that for impossible."""
    for seq in (0x0000, 0xF7FF, 0xF7FE, 0xF800, 0xFFFF):
        request = ETHER / IP(src="10.0.0.1", dst="10.0.0.254") / ICMP(type=8, id=0, seq=seq)
        (octets,) = Stage(Answerer, "echo").send(bytes(request))
        assert judged(octets) == octets


@pytest.mark.parametrize("header", [OLD, NEW])
def test_quotes_are_what_would_be_on_a_wire(header):
    """A checksum that is left to us is complete in the quote; of a super-frame its first segment is quoted."""
    packet = bytes(ETHER / header.copy() / UDP(sport=1, dport=2) / Raw(b"octets" * 20))
    (octets,) = errors().replay(undone(packet))
    start = 42 if header is OLD else 62
    assert octets[start:] == packet[14:]
    assert judged(octets) == octets
    packet = bytes(ETHER / header.copy() / TCP(sport=1, dport=2, flags="PA") / Raw(b"octets" * 2000))
    (octets,) = errors().replay(packet)
    size = 1500 - (40 if header is OLD else 60)
    first = bytes(ETHER / header.copy() / TCP(sport=1, dport=2, flags="A") / Raw((b"octets" * 2000)[:size]))
    assert octets[start:] == first[14:][: 548 if header is OLD else 1232]


def test_too_big_says_the_mtu():
    (octets,) = errors("big", 1400).send(bytes(ETHER / NEW.copy() / UDP()))
    assert Ether(octets)[ICMPv6PacketTooBig].mtu == 1400
    (octets,) = errors("big", 1400).send(bytes(ETHER / OLD.copy() / UDP()))
    assert Ether(octets)[ICMP].nexthopmtu == 1400
