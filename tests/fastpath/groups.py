"""Queries as a router asks them, and reports taken apart: IGMP and MLD in one set of words."""

from __future__ import annotations

import ipaddress
import struct
from dataclasses import dataclass

from scapy.layers.inet import IP, IPOption_Router_Alert
from scapy.layers.inet6 import IPv6, IPv6ExtHdrHopByHop, RouterAlert, in6_chksum
from scapy.layers.l2 import Ether
from scapy.packet import Raw
from scapy.utils import checksum

OURS, LINK_LOCAL, MAC = "192.0.2.1", "fe80::42:ff:fe00:1", 0x024200000001
ROUTER = {4: "192.0.2.254", 6: "fe80::ff"}
ALL = {4: "224.0.0.1", 6: "ff02::1"}
GROUP = {4: "239.1.2.3", 6: "ff15::1:2:3"}
OTHER = {4: "239.1.2.4", 6: "ff15::1:2:4"}
SOURCES = {4: [f"198.51.100.{n}" for n in range(1, 40)], 6: [f"2001:db8::{n:x}" for n in range(1, 40)]}


def packed(address: str) -> bytes:
    return ipaddress.ip_address(address).packed


def message(v: int, group: str | None, version: int, code: int, sources: list[str], flags: int) -> bytes:
    """A query of IGMP `version` 1 to 3, or of MLD 1 or 2; checksum 0."""
    target = packed(group or ("0.0.0.0", "::")[v == 6])
    head = struct.pack(">BBH", 0x11, code, 0) if v == 4 else struct.pack(">BBHHH", 130, 0, 0, code, 0)
    if version < (3, 2)[v == 6]:
        return head + target
    return head + target + struct.pack(">BBH", flags, 125, len(sources)) + b"".join(map(packed, sources))


def query(
    v: int,
    group: str | None = None,
    *,
    version: int | None = None,
    code: int | None = None,
    sources: list[str] | None = None,
    flags: int = 2,
    to: str | None = None,
    src: str | None = None,
    ttl: int = 1,
    alert: bool = True,
    octets: bytes | None = None,
    break_sum: int = 0,
) -> bytes:
    """The frame of a query: of all groups, of one, or of sources of one. `code`: 10 s unless given; `octets` instead of its own."""
    version = version or (3, 2)[v == 6]
    raw = octets or message(v, group, version, (100, 10_000)[v == 6] if code is None else code, sources or [], flags)
    target, source = to or group or ALL[v], src or ROUTER[v]
    if v == 4:
        raw = raw[:2] + struct.pack(">H", checksum(raw) ^ break_sum) + raw[4:]
        packet = IP(src=source, dst=target, ttl=ttl, proto=2, options=[IPOption_Router_Alert()] if alert else []) / Raw(raw)
        return bytes(Ether(src="02:00:00:00:00:fe", dst="01:00:5e:00:00:01") / packet)
    raw = raw[:2] + struct.pack(">H", in6_chksum(58, IPv6(src=source, dst=target), raw) ^ break_sum) + raw[4:]
    head = IPv6(src=source, dst=target, hlim=ttl, nh=0 if alert else 58)
    options = IPv6ExtHdrHopByHop(nh=58, options=[RouterAlert()]) / Raw(raw) if alert else Raw(raw)
    return bytes(Ether(src="02:00:00:00:00:fe", dst="33:33:00:00:00:01") / head / options)


@dataclass(frozen=True)
class Said:
    """A message of ours: `kind` is its type; records as (type, group, sources), or the one group of an elder version."""

    v: int
    to: str
    kind: int
    records: tuple[tuple[int, str, tuple[str, ...]], ...] = ()
    group: str | None = None


def said(frame: bytes) -> Said:
    """Takes one of our frames apart; everything that must hold for all of them is asserted."""
    v = 4 if frame[12:14] == b"\x08\x00" else 6
    assert frame[6:12] == MAC.to_bytes(6, "big")
    if v == 4:
        packet = IP(frame[14:])
        assert frame[14:16] == b"\x46\xc0"
        assert (packet.ttl, packet.proto, packet.src, packet.len) == (1, 2, OURS, len(frame) - 14)
        assert bytes(frame[34:38]) == b"\x94\x04\0\0"
        assert checksum(frame[14:38]) == 0
        assert checksum(frame[38:]) == 0
        target = packed(packet.dst)
        assert frame[:6] == b"\x01\0\x5e" + bytes([target[1] & 127]) + target[2:]
        raw, size = frame[38:], 4
    else:
        packet = IPv6(frame[14:])
        assert (packet.hlim, packet.nh, packet.src, packet.plen) == (1, 0, LINK_LOCAL, len(frame) - 54)
        assert bytes(frame[54:62]) == b"\x3a\0\x05\x02\0\0\x01\0"
        assert in6_chksum(58, packet, frame[62:]) == 0
        assert frame[:6] == b"\x33\x33" + packed(packet.dst)[-4:]
        raw, size = frame[62:], 16
    kind = raw[0]
    if kind not in (0x22, 143):
        assert len(raw) == (8, 24)[v == 6]
        return Said(v, packet.dst, kind, group=str(ipaddress.ip_address(raw[-size:])))
    records, at = [], 8
    for _ in range(struct.unpack_from(">H", raw, 6)[0]):
        type_, aux, n = struct.unpack_from(">BBH", raw, at)
        assert aux == 0
        at += 4
        addresses = [str(ipaddress.ip_address(raw[at + i * size : at + (i + 1) * size])) for i in range(n + 1)]
        at += size * (n + 1)
        records.append((type_, addresses[0], tuple(addresses[1:])))
    assert at == len(raw)
    return Said(v, packet.dst, kind, tuple(records))
