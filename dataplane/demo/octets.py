"""A frame's octets, header by header, as a person reads them. Pure."""

from __future__ import annotations

from collections.abc import Iterator

ETHERNET, UDP, VXLAN = 14, 8, 8
IPV4, ARP = 0x0800, 0x0806
UDP_NUMBER, ICMP_NUMBER, VXLAN_PORT = 17, 1, 4789
WIDTH = 20
Layer = tuple[str, bytes]


def layers(frame: bytes) -> Iterator[Layer]:
    """Names and octets of headers, in order; of an outer frame the inner one's too. What is not known is the rest."""
    outer = _is_vxlan(frame)
    yield from _ethernet(frame, "outer " if outer else "")
    if outer:
        at = ETHERNET + (frame[ETHERNET] & 15) * 4
        yield "UDP", frame[at : at + UDP]
        yield "VXLAN", frame[at + UDP : at + UDP + VXLAN]
        yield from layers(frame[at + UDP + VXLAN :])


def inner(frame: bytes) -> bytes:
    """What a VXLAN packet carries."""
    at = ETHERNET + (frame[ETHERNET] & 15) * 4 + UDP + VXLAN
    return frame[at:]


def _is_vxlan(frame: bytes) -> bool:
    if len(frame) < ETHERNET + 36 or int.from_bytes(frame[12:14], "big") != IPV4 or frame[ETHERNET + 9] != UDP_NUMBER:
        return False
    at = ETHERNET + (frame[ETHERNET] & 15) * 4
    return int.from_bytes(frame[at + 2 : at + 4], "big") == VXLAN_PORT


def _ethernet(frame: bytes, begin: str) -> Iterator[Layer]:
    yield f"{begin}Ethernet", frame[:ETHERNET]
    kind = int.from_bytes(frame[12:14], "big")
    if len(frame) <= ETHERNET:
        return
    if kind != IPV4:
        yield "ARP" if kind == ARP else "rest", frame[ETHERNET:]
        return
    end = ETHERNET + (frame[ETHERNET] & 15) * 4
    yield f"{begin}IPv4", frame[ETHERNET:end]
    if not begin:
        yield "ICMP" if frame[ETHERNET + 9] == ICMP_NUMBER else "rest", frame[end:]


def shown(frame: bytes, changed: frozenset[str] = frozenset()) -> str:
    """Lines of hexadecimal octets, the header's name in front; a mark where something ``changed``."""
    rows = []
    for name, octets in layers(frame):
        mark = "→" if name in changed else " "
        for at in range(0, max(len(octets), 1), WIDTH):
            label = f"{mark} {name}" if at == 0 else ""
            rows.append(f"{label:18}{octets[at : at + WIDTH].hex(' ')}".rstrip())
    return "\n".join(rows)


def changes(before: bytes, after: bytes) -> frozenset[str]:
    """Headers that are new or differ."""
    known = dict(layers(before))
    return frozenset(name for name, octets in layers(after) if known.get(name) != octets)


def is_ping(frame: bytes, source: str, target: str) -> bool:
    """An ICMP echo request between two addresses; carried in VXLAN or not."""
    packet = inner(frame) if _is_vxlan(frame) else frame
    if len(packet) < ETHERNET + 28 or int.from_bytes(packet[12:14], "big") != IPV4:
        return False
    wanted = bytes(int(part) for text in (source, target) for part in text.split("."))
    return packet[ETHERNET + 9] == ICMP_NUMBER and packet[ETHERNET + 12 : ETHERNET + 20] == wanted and packet[ETHERNET + 20] == 8
