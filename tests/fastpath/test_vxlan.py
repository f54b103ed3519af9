"""The header of a tunnel packet, pushed and popped: octets, ports, checksums, ECN, tags (VX-1 to VX-9, VX-18 to VX-21)."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import ARP, Dot1AD, Dot1Q, Ether
from scapy.layers.vxlan import VXLAN

from fastpath import vxlantrial as vxlan
from fastpath.wire import checksum

V4 = {"source": "192.0.2.1", "target": "192.0.2.2"}
V6 = {"source": "2001:db8::1", "target": "2001:db8::2"}
ENDS = pytest.mark.parametrize("ends", [V4, V6], ids=["ipv4", "ipv6"])
STATIONS = Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02")
NOT_ECT, ECT1, ECT0, CE = range(4)


def udp(flow: int = 1, **ip: object) -> bytes:
    return bytes(STATIONS / IP(src="10.0.0.1", dst="10.0.0.2", **ip) / UDP(sport=flow, dport=53) / b"question")


def good(octets: bytes) -> Ether:
    """The packet, all of whose outer lengths and checksums are right."""
    packet = Ether(octets)
    ip = octets[14:]
    if ip[0] >> 4 == 4:
        assert int.from_bytes(ip[2:4], "big") == len(ip)
        assert checksum(ip[:20]) == 0
        pseudo, datagram = ip[12:20], ip[20:]
    else:
        assert int.from_bytes(ip[4:6], "big") == len(ip) - 40
        pseudo, datagram = ip[8:40], ip[40:]
    assert int.from_bytes(datagram[4:6], "big") == len(datagram)
    if datagram[6:8] != b"\0\0":
        assert checksum(pseudo + b"\0\x11" + datagram[4:6] + datagram + bytes(len(datagram) % 2)) == 0
    return packet


@ENDS
@pytest.mark.parametrize("vni", [1, 42, 0x123456, 0xFFFFFF])
def test_the_header_is_what_the_rfc_draws(ends, vni):
    """VX-1, VX-3, VX-5: 08 000000, VNI, 00; the inner frame as it was; a source port of the dynamic range."""
    frame = udp()
    packet = good(vxlan.pushed(frame, vni=vni, **ends))
    assert bytes(packet[UDP].payload)[:8] == b"\x08\0\0\0" + vni.to_bytes(3, "big") + b"\0"
    assert bytes(packet[VXLAN].payload) == frame
    assert 49152 <= packet[UDP].sport <= 65535
    assert (packet[UDP].dport, packet[UDP].chksum) == (4789, 0)
    network = packet.payload
    assert (network.src, network.dst) == (ends["source"], ends["target"])
    if network.version == 4:
        assert (network.flags, network.frag, network.id, network.ttl, network.tos) == ("DF", 0, 0, 64, 0)
    else:
        assert (network.hlim, network.tc, network.fl) == (64, 0, 0)


@ENDS
@pytest.mark.parametrize("length", [14, 15, 60, 61, 1499, 1500, 9000, 65_400])
def test_checksums_are_right_when_wanted(ends, length):
    """VX-5: odd and even lengths, up to the largest."""
    frame = (udp() + random.Random(length).randbytes(70_000))[:length]
    packet = good(vxlan.pushed(frame, vni=7, checksum=True, **ends))
    assert packet[UDP].chksum
    assert vxlan.popped(bytes(packet)) == (7, frame)


@ENDS
def test_a_checksum_knows_what_the_inner_one_will_be(ends):
    """The inner checksum is still to be completed (NEEDS_CSUM): the outer one is right for the frame as it will be."""
    whole = udp()
    packet = Ether(whole)
    packet[UDP].chksum = 0
    unfinished = bytearray(bytes(packet))
    # The pseudo-header's sum: addresses, protocol, length.
    total = sum(int.from_bytes(unfinished[at : at + 2], "big") for at in range(26, 34, 2)) + 17 + (len(whole) - 34)
    total = (total & 0xFFFF) + (total >> 16)
    unfinished[40:42] = total.to_bytes(2, "big")
    pushed = vxlan.pushed(unfinished, vni=7, checksum=True, flags=1, csum_start=34, csum_offset=6, **ends)
    n = len(pushed) - len(whole)
    good(pushed[:n] + whole)


@ENDS
def test_fixed_or_inherited_ttl_and_dscp(ends):
    """VX-21: fixed by default; inherited when told so; nothing to inherit from what is not IP."""
    network = good(vxlan.pushed(udp(ttl=9, tos=0xB8), vni=1, ttl=77, dscp=10, **ends)).payload
    assert (network.ttl, network.tos) == (77, 40) if ends is V4 else (network.hlim, network.tc) == (77, 40)
    for frame, expected in ((udp(ttl=9, tos=0xB8), (9, 0xB8)), (bytes(STATIONS / ARP()), (64, 0))):
        packet = good(vxlan.pushed(frame, vni=1, inherit_ttl=True, inherit_dscp=True, **ends))
        fields = packet.payload.fields
        assert (fields.get("ttl", fields.get("hlim")), fields.get("tos", fields.get("tc"))) == expected
    six = bytes(STATIONS / IPv6(src="2001:db8::5", dst="2001:db8::6", hlim=5, tc=0xB9) / UDP())
    fields = good(vxlan.pushed(six, vni=1, inherit_ttl=True, inherit_dscp=True, **ends)).payload.fields
    assert (fields.get("ttl", fields.get("hlim")), fields.get("tos", fields.get("tc"))) == (5, 0xB9)


# -- the source port --------------------------------------------------------------------------------------------------------


def flows(build) -> int:
    """How many ports forty flows get."""
    ports = {vxlan.source_port(bytes(build(number))) for number in range(40)}
    assert all(49152 <= port <= 65535 for port in ports)
    return len(ports)


@pytest.mark.parametrize(
    "build",
    [
        lambda n: udp(flow=1000 + n),
        lambda n: STATIONS / IP(src="10.0.0.1", dst=f"10.0.0.{n}") / TCP(),
        lambda n: STATIONS / IP(src="10.0.0.1", dst="10.0.0.2", options=b"\x94\x04\0\0") / TCP(sport=1000 + n),
        lambda n: STATIONS / IPv6(src="2001:db8::1", dst="2001:db8::2") / TCP(sport=1000 + n),
        lambda n: STATIONS / IPv6(src="2001:db8::1", dst=f"2001:db8::{n:x}") / (b"\0" * 8),
        lambda n: STATIONS / ARP(psrc="10.0.0.1", pdst=f"10.0.0.{n}"),
        lambda n: STATIONS / Dot1Q(vlan=7) / IP(src="10.0.0.1", dst="10.0.0.2") / UDP(sport=1000 + n),
        lambda n: Ether(src=f"02:00:00:00:00:{n:02x}", dst="02:00:00:00:00:ff", type=0x88B5) / (b"\0" * 46),
    ],
    ids=["udp", "addresses", "options", "ipv6", "ipv6 addresses", "arp", "tagged", "other"],
)
def test_flows_have_ports_of_their_own(build):
    """VX-4: forty flows get twenty ports at least, by each of the fields that tell flows apart."""
    assert flows(build) >= 20


def test_a_flow_keeps_its_port():
    """VX-4: whatever else differs; both directions differ; fragments of a datagram agree; and the seed decides."""
    port = vxlan.source_port(udp())
    assert {vxlan.source_port(udp(ttl=n, id=n, tos=n)) for n in range(5, 30)} == {port}
    assert vxlan.source_port(udp() + bytes(100)) == port
    back = bytes(STATIONS / IP(src="10.0.0.2", dst="10.0.0.1") / UDP(sport=53, dport=1))
    assert vxlan.source_port(back) != port
    first = bytes(STATIONS / IP(src="10.0.0.1", dst="10.0.0.2", flags="MF", proto=17) / UDP(sport=1) / bytes(64))
    later = bytes(STATIONS / IP(src="10.0.0.1", dst="10.0.0.2", frag=9, proto=17) / bytes(range(64)))
    assert vxlan.source_port(first) == vxlan.source_port(later)
    assert vxlan.source_port(udp(), seed=1) != port


def test_options_come_and_go_within_a_flow():
    plain = bytes(STATIONS / IP(src="10.0.0.1", dst="10.0.0.2") / TCP(sport=7, dport=9))
    padded = bytes(STATIONS / IP(src="10.0.0.1", dst="10.0.0.2", options=b"\x01" * 4) / TCP(sport=7, dport=9))
    assert vxlan.source_port(plain) == vxlan.source_port(padded)


# -- popping ----------------------------------------------------------------------------------------------------------------


@ENDS
@given(frame=st.binary(min_size=14, max_size=300), vni=st.integers(1, 0xFFFFFF), checksum=st.booleans())
def test_what_was_pushed_is_popped(ends, frame, vni, checksum):
    assert vxlan.popped(vxlan.pushed(frame, vni=vni, checksum=checksum, **ends)) == (vni, frame)


@ENDS
def test_a_wrong_checksum_is_found(ends):
    """VX-6, VX-7: zero and right ones are good; any changed octet of the datagram is found."""
    packet = vxlan.pushed(udp(), vni=7, checksum=True, **ends)
    for at in range(len(packet) - len(udp()), len(packet)):
        changed = bytearray(packet)
        changed[at] ^= 0x10
        assert vxlan.popped(changed) == "bad checksum"


@ENDS
def test_flags(ends):
    """VX-8, VX-9: without the I flag nothing; reserved bits are ignored, unless strict."""
    packet = bytearray(vxlan.pushed(udp(), vni=7, **ends))
    at = len(packet) - len(udp()) - 8
    for bit in range(64):
        changed = bytearray(packet)
        changed[at + bit // 8] ^= 0x80 >> bit % 8
        vni = int.from_bytes(changed[at + 4 : at + 7], "big")
        if bit == 4:
            assert vxlan.popped(changed) == vxlan.popped(changed, strict=True) == "bad vxlan header"
        elif 32 <= bit < 56:
            assert vxlan.popped(changed) == vxlan.popped(changed, strict=True) == (vni, udp())
        else:
            assert vxlan.popped(changed) == (7, udp())
            assert vxlan.popped(changed, strict=True) == "bad vxlan header"


@ENDS
def test_cut_anywhere(ends):
    """VX-11: a reason, or, where only padding went, the frame."""
    packet = vxlan.pushed(udp(), vni=7, **ends)
    for cut in range(14, len(packet)):
        assert isinstance(vxlan.popped(packet[:cut]), str)
    assert vxlan.popped(packet + bytes(30)) == (7, udp())


@ENDS
@pytest.mark.parametrize("length", range(14))
def test_inner_runts(ends, length):
    """VX-11: less than an Ethernet header."""
    assert vxlan.popped(vxlan.pushed(bytes(length), vni=7, **ends)) == "runt"


def test_another_port():
    """VX-2: a port of one's own; others are not decapsulated."""
    packet = vxlan.pushed(udp(), vni=7, port=8472, **V4)
    assert vxlan.popped(packet) == "other port"
    assert vxlan.popped(packet, port=8472) == (7, udp())


# -- congestion -------------------------------------------------------------------------------------------------------------


@ENDS
@pytest.mark.parametrize("ecn", range(4))
def test_ecn_goes_out_as_it_is(ends, ecn):
    """VX-19: normal mode, CE included."""
    network = good(vxlan.pushed(udp(tos=0x50 | ecn), vni=1, dscp=3, **ends)).payload
    assert network.fields.get("tos", network.fields.get("tc")) == 12 | ecn


FIGURE_4 = {  # RFC 6040: (inner, outer) -> what the inner packet has then; None: dropped
    (NOT_ECT, NOT_ECT): NOT_ECT, (NOT_ECT, ECT0): NOT_ECT, (NOT_ECT, ECT1): NOT_ECT, (NOT_ECT, CE): None,
    (ECT0, NOT_ECT): ECT0, (ECT0, ECT0): ECT0, (ECT0, ECT1): ECT1, (ECT0, CE): CE,
    (ECT1, NOT_ECT): ECT1, (ECT1, ECT0): ECT1, (ECT1, ECT1): ECT1, (ECT1, CE): CE,
    (CE, NOT_ECT): CE, (CE, ECT0): CE, (CE, ECT1): CE, (CE, CE): CE,
}  # fmt: skip


@pytest.mark.parametrize(("pair", "told"), FIGURE_4.items(), ids=str)
@pytest.mark.parametrize("tags", [0, 1])
@pytest.mark.parametrize("v", [4, 6])
def test_ecn_comes_in_by_figure_4(pair, told, tags, v):
    """VX-20: the sixteen pairs; IPv4's checksum follows; DSCP stays."""
    carried, outer = pair
    network = IP(src="10.0.0.1", dst="10.0.0.2", tos=0xA8 | carried) if v == 4 else IPv6(tc=0xA8 | carried, fl=0xABCDE)
    frame = bytes((STATIONS / Dot1Q(vlan=5) if tags else STATIONS) / network / UDP() / b"x")
    after = vxlan.ecn(frame, 0x14 | outer)
    if told is None:
        assert after is None
        return
    wanted = IP(src="10.0.0.1", dst="10.0.0.2", tos=0xA8 | told) if v == 4 else IPv6(tc=0xA8 | told, fl=0xABCDE)
    assert after == bytes((STATIONS / Dot1Q(vlan=5) if tags else STATIONS) / wanted / UDP() / b"x")


def test_congestion_around_what_is_not_ip():
    frame = bytes(STATIONS / ARP())
    assert vxlan.ecn(frame, CE) == frame


# -- tags -------------------------------------------------------------------------------------------------------------------


def test_tags_come_off():
    """VX-18: one or several, of each kind."""
    payload = IP(src="10.0.0.1", dst="10.0.0.2") / UDP()
    plain = bytes(STATIONS / payload)
    for tagged in (STATIONS / Dot1Q(vlan=5), STATIONS / Dot1AD(vlan=6) / Dot1Q(vlan=5), STATIONS / Dot1Q() / Dot1Q() / Dot1Q()):
        assert vxlan.stripped(bytes(tagged / payload)) == plain
    assert vxlan.stripped(plain) == plain
    assert vxlan.stripped(bytes(STATIONS / Dot1Q(vlan=5))[:17]) is None
