"""Tunnel packets, written by Scapy from names, and taken apart by hand: everything that must hold for ours is asserted."""

from __future__ import annotations

import ipaddress
import struct
from dataclasses import dataclass

from scapy.layers.inet import IP, UDP, in4_chksum
from scapy.layers.inet6 import IPv6, in6_chksum
from scapy.layers.l2 import Ether
from scapy.packet import Raw

from tests.vxlan.overlay_plan import ADDRESSES, UNDERLAY_MACS

PORT = 4789


@dataclass(frozen=True)
class Tunnel:
    """A tunnel packet that left."""

    v: int
    target_mac: str
    source: str
    target: str
    ttl: int
    dscp: int
    ecn: int
    sport: int
    dport: int
    udp_sum: int
    vni: int
    inner: bytes


def header(vni: int, flags: int = 0x08, reserved: int = 0, last: int = 0) -> bytes:
    """RFC 7348, 5."""
    return struct.pack(">II", flags << 24 | reserved, vni << 8 | last)


def write(
    v: int,
    source: str,
    inner: bytes,
    vni: int,
    *,
    target: str = "us",
    target_mac: str | None = None,
    source_mac: str | None = None,
    sport: int = 50000,
    dport: int = PORT,
    flags: int = 0x08,
    reserved: int = 0,
    last: int = 0,
    udp_sum: int | None = 0,
    ttl: int = 64,
    tos: int = 0,
    payload: bytes | None = None,
    length: int | None = None,
    options: list[object] | None = None,
    **fields: object,
) -> bytes:
    """A tunnel packet from a peer to us. `udp_sum` None: the right one; `payload` instead of header and frame; `length` of UDP."""
    src, dst = (ADDRESSES[name][v == 6] if name in ADDRESSES else name for name in (source, target))
    udp = UDP(sport=sport, dport=dport)
    if udp_sum is not None:
        udp.chksum = udp_sum
    if length is not None:
        udp.len = length
    if v == 4:
        ip = IP(src=src, dst=dst, ttl=ttl, tos=tos, flags=fields.pop("ip_flags", "DF"), options=options or [], **fields)
    else:
        ip = IPv6(src=src, dst=dst, hlim=ttl, tc=tos, **fields)
        for option in options or []:
            ip /= option
    mac = UNDERLAY_MACS.get(source, UNDERLAY_MACS["gw"])
    frame = Ether(dst=target_mac or UNDERLAY_MACS["us"], src=source_mac or mac)
    return bytes(frame / ip / udp / Raw(header(vni, flags, reserved, last) + inner if payload is None else payload))


def read(frame: bytes) -> Tunnel:
    """One of ours: one IP packet without options and fragments, lengths that fit, header checksum, flags, reserved bits."""
    v = 4 if frame[12:14] == b"\x08\x00" else 6
    assert frame[6:12].hex(":") == UNDERLAY_MACS["us"]
    if v == 4:
        assert frame[14] == 0x45
        assert struct.unpack_from(">H", frame, 16)[0] == len(frame) - 14
        assert frame[20:22] == b"\x40\0", "DF set, no fragment"
        assert sum(struct.unpack_from(">10H", frame, 14)) % 0xFFFF == 0, "header checksum (RFC 1071)"
        at, protocol, service, ttl = 34, frame[23], frame[15], frame[22]
        source, target = (str(ipaddress.ip_address(frame[n : n + 4])) for n in (26, 30))
    else:
        word = struct.unpack_from(">I", frame, 14)[0]
        assert word >> 28 == 6
        assert struct.unpack_from(">H", frame, 18)[0] == len(frame) - 54
        at, protocol, service, ttl = 54, frame[20], word >> 20 & 0xFF, frame[21]
        source, target = (str(ipaddress.ip_address(frame[n : n + 16])) for n in (22, 38))
    assert protocol == 17
    sport, dport, length, udp_sum = struct.unpack_from(">HHHH", frame, at)
    assert length == len(frame) - at
    if udp_sum:
        right = in4_chksum(17, IP(frame[14:34]), frame[at:]) if v == 4 else in6_chksum(17, IPv6(frame[14:54]), frame[at:])
        assert right == 0, "UDP checksum"
    first, second = struct.unpack_from(">II", frame, at + 8)
    assert first == 0x08000000
    assert second & 0xFF == 0
    return Tunnel(
        v, frame[:6].hex(":"), source, target, ttl, service >> 2, service & 3, sport, dport, udp_sum, second >> 8, frame[at + 16 :]
    )
