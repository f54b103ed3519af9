"""Reading IP headers (REQUIREMENTS: L3-11): every field that lies is seen, every truncation has a name."""

import struct

import pytest
from scapy.layers.inet import ICMP, IP, TCP, UDP, IPOption_LSRR, IPOption_RR, IPOption_SSRR
from scapy.layers.inet6 import (
    ICMPv6EchoReply,
    ICMPv6EchoRequest,
    ICMPv6PacketTooBig,
    IPv6,
    IPv6ExtHdrDestOpt,
    IPv6ExtHdrFragment,
    IPv6ExtHdrHopByHop,
    IPv6ExtHdrRouting,
)
from scapy.layers.ipsec import AH
from scapy.layers.l2 import Ether
from scapy.layers.sctp import SCTP
from scapy.packet import Raw

from fastpath.address import derived, kind, prefix
from fastpath.ip import read

OTHER, PORTS, QUERY, ANSWER, ERROR = range(5)
WHOLE, FIRST, LATER = range(3)
ETHER = Ether(dst="02:00:00:00:00:01", src="02:00:00:00:00:02")
V4 = IP(src="10.0.0.1", dst="192.0.2.9", ttl=7)
V6 = IPv6(src="2001:db8::1", dst="2001:db8::9", hlim=7)


def test_a_plain_packet_is_read():
    found = read(bytes(ETHER / V4 / UDP(sport=1000, dport=53) / b"abc"))
    assert found == {
        "version": 4,
        "source": bytes(10) + b"\xff\xff\x0a\0\0\1",
        "target": bytes(10) + b"\xff\xff\xc0\0\2\x09",
        "transport": 34,
        "length": 31,
        "protocol": 17,
        "kind": PORTS,
        "fragment": WHOLE,
        "ttl": 7,
        "options": 0,
        "source_port": b"\x03\xe8",
        "target_port": b"\0\x35",
    }
    found = read(bytes(ETHER / V6 / TCP(sport=1, dport=2)) + bytes(9))
    assert (found["version"], found["length"], found["kind"], found["transport"], found["ttl"]) == (6, 60, PORTS, 54, 7)
    assert found["source"] == bytes.fromhex("20010db8000000000000000000000001")


@pytest.mark.parametrize(
    ("layers", "kind", "ports"),
    [
        (V4 / ICMP(type=8, id=0x0102), QUERY, (b"\1\2", b"\0\0")),
        (V4 / ICMP(type=0, id=0x0102), ANSWER, (b"\0\0", b"\1\2")),
        (V4 / ICMP(type=3, code=4) / Raw(bytes(28)), ERROR, (b"\0\0", b"\0\0")),
        (V4 / ICMP(type=9), OTHER, (b"\0\0", b"\0\0")),
        (V6 / ICMPv6EchoRequest(id=0x0102), QUERY, (b"\1\2", b"\0\0")),
        (V6 / ICMPv6EchoReply(id=0x0102), ANSWER, (b"\0\0", b"\1\2")),
        (V6 / ICMPv6PacketTooBig() / Raw(bytes(48)), ERROR, (b"\0\0", b"\0\0")),
        (V4 / SCTP(sport=1, dport=2), PORTS, (b"\0\1", b"\0\2")),
        (V4.copy() / Raw(b"gre"), OTHER, (b"\0\0", b"\0\0")),
        # ICMP of the other family is just some protocol.
        (IPv6(src="2001:db8::1", dst="2001:db8::9", nh=1) / Raw(bytes(8)), OTHER, (b"\0\0", b"\0\0")),
    ],
)
def test_what_lies_behind_the_header(layers, kind, ports):
    found = read(bytes(ETHER / layers))
    assert (found["kind"], (found["source_port"], found["target_port"])) == (kind, ports)


def changed(layers, at: int, octets: bytes) -> bytes:
    whole = bytearray(bytes(ETHER / layers))
    whole[14 + at : 14 + at + len(octets)] = octets
    return bytes(whole)


@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        (bytes(ETHER) + b"\x88\xb5", "not ip"),
        (changed(V4 / UDP(), 0, b"\x65"), "bad ip header"),
        (changed(V4 / UDP(), 0, b"\x44"), "bad ip header"),
        (changed(V4 / UDP(), 0, b"\x4f"), "bad ip header"),
        (changed(V4 / UDP(), 2, b"\0\x13"), "bad ip length"),
        (changed(V4 / UDP(), 2, b"\0\x1d"), "bad ip length"),
        (changed(V4 / UDP(), 8, b"\x08"), "bad ip checksum"),
        (changed(V6 / UDP(), 0, b"\x40"), "bad ip header"),
        (changed(V6 / UDP(), 4, b"\0\x09"), "bad ip length"),
        (bytes(ETHER / IP(options=[IPOption_LSRR(routers=["1.2.3.4"])]) / UDP()), "source route"),
        (bytes(ETHER / IP(options=[IPOption_SSRR(routers=["1.2.3.4"])]) / UDP()), "source route"),
        (bytes(ETHER / V6 / IPv6ExtHdrRouting(type=0, addresses=["2001:db8::7"]) / UDP()), "source route"),
        (bytes(ETHER / V6 / IPv6ExtHdrDestOpt() / IPv6ExtHdrHopByHop() / UDP()), "bad ip header"),
        (bytes(ETHER / IPv6(src="::ffff:10.0.0.1", dst="2001:db8::1") / UDP()), "martian source"),
        (bytes(ETHER / IPv6(src="2001:db8::1", dst="::ffff:10.0.0.1") / UDP()), "martian target"),
        (changed(V4 / TCP(), 32, b"\x40"), "bad transport"),
        (changed(V4 / TCP(), 32, b"\x60"), "bad transport"),
        (changed(V4 / UDP(), 24, b"\0\x07"), "bad transport"),
        (changed(V4 / UDP(), 24, b"\0\x09"), "bad transport"),
    ],
)
def test_what_is_wrong_is_named(octets, reason):
    """L3-11"""
    assert read(octets) == reason


def test_options_and_extension_headers_are_passed():
    found = read(bytes(ETHER / IP(options=[IPOption_RR(routers=["0.0.0.0"] * 3)]) / UDP(sport=5)))
    assert (found["transport"], found["options"], found["source_port"]) == (14 + 36, 1, b"\0\5")
    chain = (
        V6
        / IPv6ExtHdrHopByHop()
        / IPv6ExtHdrRouting(type=2, addresses=["2001:db8::7"])
        / IPv6ExtHdrDestOpt()
        / AH(nh=17, payloadlen=4, icv=bytes(12))
    )
    found = read(bytes(ETHER / chain / UDP(sport=5)))
    assert (found["protocol"], found["options"], found["source_port"]) == (17, 2, b"\0\5")


@pytest.mark.parametrize(
    ("layers", "fragment", "kind"),
    [
        (IP(flags="MF") / UDP(len=2000) / Raw(bytes(32)), FIRST, PORTS),
        (IP(frag=4, proto=17) / Raw(bytes(3)), LATER, OTHER),
        (IP(flags="DF") / UDP(), WHOLE, PORTS),
        (V6 / IPv6ExtHdrFragment(m=1, offset=0) / UDP(len=2000) / Raw(bytes(32)), FIRST, PORTS),
        (V6 / IPv6ExtHdrFragment(m=0, offset=4, nh=60) / Raw(bytes(3)), LATER, OTHER),
        (V6 / IPv6ExtHdrFragment(m=0, offset=0) / UDP(), WHOLE, PORTS),
    ],
)
def test_fragments_are_seen(layers, fragment, kind):
    found = read(bytes(ETHER / layers))
    assert (found["fragment"], found["kind"]) == (fragment, kind)


@pytest.mark.parametrize(
    "layers",
    [
        V4 / TCP(options=[("MSS", 1460)]),
        V4 / UDP() / b"data",
        IP(options=[IPOption_RR(routers=["0.0.0.0"] * 3)]) / ICMP(),
        V6 / IPv6ExtHdrHopByHop() / IPv6ExtHdrFragment(m=1) / TCP(),
        V6 / AH(nh=132, payloadlen=4, icv=bytes(12)) / SCTP(),
    ],
)
def test_cut_short_at_every_octet_it_is_a_named_drop(layers):
    """L3-11: nothing is read beyond the end; the sanitised build would tell."""
    whole = bytes(ETHER / layers)
    for n in range(len(whole)):
        assert isinstance(read(whole[:n]), str), n
        # In a clone's first part the rest is missing, though the frame has it.
        if n:
            assert isinstance(read(whole, n), str | dict)
    assert isinstance(read(whole), dict)


def test_a_header_that_says_it_ends_inside_itself():
    for length in range(40):
        octets = bytearray(bytes(ETHER / V6 / IPv6ExtHdrDestOpt() / UDP()))
        struct.pack_into(">H", octets, 18, length)
        assert isinstance(read(bytes(octets)), str | dict)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("0.1.2.3", "unspecified"),
        ("10.0.0.1", "ordinary"),
        ("126.255.255.255", "ordinary"),
        ("127.0.0.1", "loopback"),
        ("169.253.0.1", "ordinary"),
        ("169.254.0.1", "link-local"),
        ("223.255.255.255", "ordinary"),
        ("224.0.0.1", "multicast"),
        ("239.1.1.1", "multicast"),
        ("240.0.0.1", "reserved"),
        ("255.255.255.255", "reserved"),
        ("::", "unspecified"),
        ("::1", "loopback"),
        ("::2", "reserved"),
        ("::10.0.0.1", "reserved"),
        ("fe80::1", "link-local"),
        ("febf::1", "link-local"),
        ("fec0::1", "ordinary"),
        ("ff02::1", "multicast"),
        ("fd00::1", "ordinary"),
        ("2001:db8::1", "ordinary"),
    ],
)
def test_kinds_of_addresses(text, name):
    """L3-9, L3-10"""
    assert kind(text) == name


def test_prefixes():
    assert prefix("10.1.2.3/8") == ("10.1.2.3", 104, "10.0.0.0")
    assert prefix("10.1.2.3") == ("10.1.2.3", 128, "10.1.2.3")
    assert prefix("0.0.0.0/0") == ("0.0.0.0", 96, "0.0.0.0")
    assert prefix("2001:db8::1/61") == ("2001:db8::1", 61, "2001:db8::")
    assert prefix("::/0") == ("::", 0, "::")
    for wrong in ("10.0.0.0/33", "house", "::ffff:1.2.3.4/128"):
        with pytest.raises(ValueError):
            prefix(wrong)


def test_addresses_made_of_others():
    """RFC 4291, 2.7.1 and appendix A"""
    assert derived("2001:db8::1:2:3456", 0x0242AC120002) == ("ff02::1:ff02:3456", "fe80::42:acff:fe12:2")
