"""Cutting packets into fragments as a host would (RFC 791, 3.2; RFC 8200, 4.5), by Scapy's headers, for both families."""

from __future__ import annotations

from itertools import pairwise, permutations

from scapy.layers.inet import IP
from scapy.layers.inet6 import IPv6, IPv6ExtHdrFragment
from scapy.packet import Packet, Raw

from tests.gateway.judge import read

ORDERS = {"in order": (0, 1, 2), "last first": (2, 1, 0), "middle first": (1, 0, 2)}
ALL_ORDERS = tuple(permutations(range(3)))


def piece(packet: Packet, offset: int, octets: bytes, more: bool, id: int) -> Packet:
    """One fragment, which says that it lies at `offset`."""
    if packet.version == 4:
        header = IP(src=packet.src, dst=packet.dst, ttl=packet.ttl, tos=packet.tos, id=id, proto=packet.proto)
        header.flags, header.frag = int(more), offset // 8
        return header / Raw(octets)
    header = IPv6(src=packet.src, dst=packet.dst, hlim=packet.hlim, tc=packet.tc)
    return header / IPv6ExtHdrFragment(nh=packet.nh, offset=offset // 8, m=int(more), id=id) / Raw(octets)


def cut(packet: Packet, *bounds: int, id: int = 0x1234) -> list[Packet]:
    """Fragments of a packet, cut at these offsets of what is behind the IP header."""
    packet = packet.__class__(bytes(packet))
    upper = read(bytes(packet)).upper
    edges = [0, *bounds, len(upper)]
    return [piece(packet, at, upper[at:end], end < len(upper), id) for at, end in pairwise(edges)]


def thirds(packet: Packet, id: int = 0x1234) -> list[Packet]:
    """Three fragments of about the same size."""
    size = len(read(bytes(packet)).upper)
    first = size // 3 // 8 * 8
    return cut(packet, first, 2 * first, id=id)
