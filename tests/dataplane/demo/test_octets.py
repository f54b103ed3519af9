"""A frame's headers as the demonstration of overlays shows them."""

from scapy.layers.inet import ICMP, IP, UDP
from scapy.layers.l2 import ARP, Ether
from scapy.layers.vxlan import VXLAN

from dataplane.demo import octets

INNER = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02") / IP(src="10.0.0.1", dst="10.0.0.2") / ICMP() / (b"x" * 30)
OUTER = (
    Ether(src="02:00:00:00:00:03", dst="02:00:00:00:00:04") / IP(src="192.0.2.1", dst="192.0.2.2") / UDP(sport=50000, dport=4789)
)
WHOLE = bytes(OUTER / VXLAN(vni=7) / INNER)


def test_headers_by_name_and_nothing_lost():
    names = [name for name, _ in octets.layers(WHOLE)]
    assert names == ["outer Ethernet", "outer IPv4", "UDP", "VXLAN", "Ethernet", "IPv4", "ICMP"]
    assert b"".join(part for _, part in octets.layers(WHOLE)) == WHOLE
    assert octets.inner(WHOLE) == bytes(INNER)


def test_what_is_no_vxlan():
    assert [name for name, _ in octets.layers(bytes(INNER))] == ["Ethernet", "IPv4", "ICMP"]
    assert [name for name, _ in octets.layers(bytes(Ether() / ARP()))] == ["Ethernet", "ARP"]
    assert [name for name, _ in octets.layers(bytes(INNER)[:14])] == ["Ethernet"]


def test_lines_of_hexadecimal():
    lines = octets.shown(WHOLE, octets.changes(bytes(INNER), WHOLE)).splitlines()
    assert lines[0] == "→ outer Ethernet  02 00 00 00 00 04 02 00 00 00 00 03 08 00"
    assert lines[3].startswith("→ VXLAN           08") or lines[3].startswith("→ VXLAN           0c")
    assert lines[4] == "  Ethernet        02 00 00 00 00 02 02 00 00 00 00 01 08 00"
    assert lines[-1].startswith(" " * 18)


def test_a_ping_is_known_bare_and_carried():
    assert octets.is_ping(bytes(INNER), "10.0.0.1", "10.0.0.2")
    assert octets.is_ping(WHOLE, "10.0.0.1", "10.0.0.2")
    assert not octets.is_ping(WHOLE, "10.0.0.2", "10.0.0.1")
    assert not octets.is_ping(bytes(Ether() / ARP()), "10.0.0.1", "10.0.0.2")
