"""Every frame out is judged afresh with Scapy's sums: IP headers, UDP, TCP, ICMP and SCTP, and what ICMP errors quote."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from scapy.layers.inet import IP, in4_chksum
from scapy.layers.inet6 import IPv6, in6_chksum
from scapy.utils import checksum

EXTENSIONS = {0, 43, 60}
CHECKED = {6: 16, 17: 6, 58: 2}


@dataclass(frozen=True)
class Datagram:
    """An IP packet taken apart: `upper` is what lies behind the header and its extensions, all of it, padding cut off."""

    version: int
    header: bytes
    protocol: int
    upper: bytes
    id: int = 0
    offset: int = 0
    more: bool = False

    @property
    def fragment(self) -> bool:
        return bool(self.offset or self.more)


def read(octets: bytes) -> Datagram:
    """The IP packet that begins here; what lies behind its end is padding."""
    if octets[0] >> 4 == 4:
        size = (octets[0] & 15) * 4
        length, id_, where = struct.unpack_from(">HHH", octets, 2)
        assert length <= len(octets), "an IP packet longer than what brought it"
        return Datagram(4, octets[:size], octets[9], octets[size:length], id_, (where & 0x1FFF) * 8, bool(where & 0x2000))
    length, following = struct.unpack_from(">HB", octets, 4)
    assert 40 + length <= len(octets), "an IPv6 packet longer than what brought it"
    at, end, id_, where = 40, 40 + length, 0, 0
    while following in EXTENSIONS:
        following, at = octets[at], at + (octets[at + 1] + 1) * 8
    if following == 44:
        following, where, id_ = octets[at], struct.unpack_from(">H", octets, at + 2)[0], struct.unpack_from(">I", octets, at + 4)[0]
        at += 8
    return Datagram(6, octets[:at], following, octets[at:end], id_, where & 0xFFF8, bool(where & 1))


def transport_sum(packet: Datagram, upper: bytes) -> int:
    """The sum over pseudo-header and transport, 0 when it is right."""
    if packet.version == 4:
        whole = IP(packet.header + upper)
        return in4_chksum(packet.protocol, whole, upper)
    return in6_chksum(packet.protocol, IPv6(packet.header[:40]), upper)


def faults(octets: bytes, quoted: bool = False) -> list[str]:
    """What is wrong with the sums of an IP packet."""
    packet = read(octets)
    found = []
    if packet.version == 4 and checksum(packet.header):
        found.append("IPv4 header checksum")
    if packet.fragment or quoted:
        return found
    upper = packet.upper
    if packet.protocol == 1 and packet.version == 4:
        if checksum(upper):
            found.append("ICMP checksum")
    elif (
        packet.protocol in CHECKED
        and len(upper) > CHECKED[packet.protocol] + 1
        and not (packet.protocol == 17 and upper[6:8] == b"\0\0")
        and transport_sum(packet, upper)
    ):
        found.append(f"checksum of protocol {packet.protocol}")
    return found


def reassembled(packets: list[bytes]) -> Datagram:
    """The datagram whose fragments these are: all there, nothing twice, on bounds of 8 octets, of one identification."""
    parts = sorted((read(octets) for octets in packets), key=lambda part: part.offset)
    assert len({(part.id, part.protocol, part.header[12:20] if part.version == 4 else part.header[8:40]) for part in parts}) == 1
    upper = b""
    for part in parts:
        assert part.offset == len(upper), "a hole or an overlap"
        assert part.more == (part is not parts[-1])
        assert len(part.upper) % 8 == 0 or not part.more
        upper += part.upper
    first = parts[0]
    header = bytearray(first.header)
    if first.version == 4:
        struct.pack_into(">HHH", header, 2, len(header) + len(upper), first.id, struct.unpack_from(">H", header, 6)[0] & 0x4000)
        struct.pack_into(">H", header, 10, 0)
        struct.pack_into(">H", header, 10, checksum(bytes(header)))
    elif first.fragment:
        del header[-8:]
        header[6] = first.protocol
        struct.pack_into(">H", header, 4, len(header) - 40 + len(upper))
    else:
        struct.pack_into(">H", header, 4, len(header) - 40 + len(upper))
    return Datagram(first.version, bytes(header), first.protocol, upper, first.id)
