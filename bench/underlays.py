"""What leaving costs: segments merged for a TAP or written one by one; datagrams joined for a UDP socket or sent one by one."""

from __future__ import annotations

import socket
import struct
from collections.abc import Sequence

from bench.measure import clock, measure
from bench.namespaces import Namespace, Namespaces
from bench.paths import Path
from bench.table import Table
from fastpath import TapPort, UdpPort, open_udp
from fastpath.wire import checksum

ROUNDS = 11
FRAMES = 1 << 11
ELSEWHERE = bytes.fromhex("02000000000102000000000208 00".replace(" ", ""))  # nobody's address: the kernel looks no further
PEER = 4790


def segments(flows: int, octets: int, count: int) -> list[bytes]:
    """In order, flows by turns: `count` TCP segments of so many octets of payload, 20 octets of IPv4 and 32 of TCP before them."""
    frames = []
    for n in range(count):
        ports = struct.pack(">HH", 1024 + n % flows, 80)
        tcp = ports + struct.pack(">IIBBHHH", n // flows * octets, 1, 8 << 4, 0x10, 500, 0, 0) + b"\1\1\x08\x0a" + bytes(8 + octets)
        addresses = bytes([10, 0, 0, 1, 10, 0, 0, 2])
        total = checksum(addresses + struct.pack(">HH", 6, len(tcp)) + tcp)
        ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(tcp), n // flows, 0x4000, 64, 6, 0) + addresses
        ip = ip[:10] + struct.pack(">H", checksum(ip)) + ip[12:]
        frames.append(ELSEWHERE + ip + tcp[:16] + struct.pack(">H", total) + tcp[18:])
    return frames


def datagrams(flows: int, octets: int, count: int, *, source: bytes, target: bytes, port: int) -> list[bytes]:
    """UDP of so many octets, flows by turns, as a VTEP makes them."""
    frames = []
    for n in range(count):
        ip = struct.pack(">BBHHHBBH", 0x45, 0, 28 + octets, 0, 0x4000, 64, 17, 0) + source + target
        udp = struct.pack(">HHHH", 49152 + n % flows * (16384 // flows), port, 8 + octets, 0)
        frames.append(ELSEWHERE + ip[:10] + struct.pack(">H", checksum(ip)) + ip[12:] + udp + bytes(octets))
    return frames


class ToTap(Path):
    """Frames that a TAP is written, whose kernel throws them away: they are for nobody there."""

    def __init__(self, space: Namespace, frames: Sequence[bytes], link: str, *, burst: int, merge: bool) -> None:
        self.fd = space.tap(link=link)
        self.merge = merge
        super().__init__(frames, burst=burst)

    def wire_up(self) -> None:
        self.port = TapPort(self.engine, "tap", self.fd, merge=self.merge)
        self.sender.lead_to(self.port)


class ToSocket(Path):
    """Datagrams to a socket in the same namespace that nobody reads: what its queue has no room for, the kernel throws away."""

    def __init__(self, space: Namespace, frames: Sequence[bytes], address: str, *, burst: int) -> None:
        with space.entered():
            self.fds = open_udp([address])
        super().__init__(frames, burst=burst)

    def wire_up(self) -> None:
        self.port = UdpPort(self.engine, "udp", self.fds, mac=2)
        self.sender.lead_to(self.port)


MERGES = {
    "TCP, 1,448 octets, 1 flow, bursts of 45": (segments(1, 1448, 45), 45),
    "TCP, 1,448 octets, 8 flows, bursts of 240": (segments(8, 1448, 240), 240),
    "TCP, 1,448 octets, bursts of 1": (segments(1, 1448, 45), 1),
    "UDP, 18 octets, bursts of 256": (
        datagrams(64, 18, 256, source=bytes([10, 0, 0, 1]), target=bytes([10, 0, 0, 2]), port=9),
        256,
    ),
}


def merging() -> Table:
    """One row a kind of traffic: written one by one, and merged where it can be."""
    shown = Table("To a TAP: segments one by one, and merged", ("traffic", "one by one\nns a frame", "merged\nns a frame", "ratio"))
    with Namespaces("bench") as spaces:
        space = spaces.add("tap")
        space.quiet()
        for number, (name, (frames, burst)) in enumerate(MERGES.items()):
            ways = {way: ToTap(space, frames, f"tap{number}{way}", burst=burst, merge=way == "m") for way in ("s", "m")}
            _add(shown, name, ways, "s", "m")
    shown.notes.append("the kernel's part is in it: a write of a TAP, up to where its stack sees that the frame is for nobody")
    return shown


def sockets() -> Table:
    """One row a size and number of flows: bursts of one, and bursts that are joined."""
    shown = Table(
        "To UDP sockets: datagrams one by one, and joined", ("datagrams", "alone\nns each", "bursts of 64\nns each", "ratio")
    )
    with Namespaces("bench") as spaces:
        space = spaces.add("udp")
        space.quiet()
        space.run("ip", "link", "set", "lo", "up")
        with space.entered(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
            peer.bind(("127.0.0.1", PEER))
            for number, (octets, flows) in enumerate(((72, 1), (1422, 1), (1422, 8), (1422, 64))):
                local = bytes([127, 0, 1, number + 1])
                frames = datagrams(flows, octets, 64, source=local, target=bytes([127, 0, 0, 1]), port=PEER)
                ways = {"b": ToSocket(space, frames, socket.inet_ntoa(local), burst=64)}
                local = bytes([127, 0, 2, number + 1])
                frames = datagrams(flows, octets, 64, source=local, target=bytes([127, 0, 0, 1]), port=PEER)
                ways["a"] = ToSocket(space, frames, socket.inet_ntoa(local), burst=1)
                _add(shown, f"{octets} octets, {flows} flow{'s' if flows > 1 else ''}", ways, "a", "b")
    shown.notes.append(
        "over loopback, whose receiving half the kernel does in the same call: the way of a real interface is shorter"
    )
    return shown


def _add(shown: Table, name: str, ways: dict[str, ToTap] | dict[str, ToSocket], before: str, after: str) -> None:
    samples = measure(ways, rounds=ROUNDS, frames=FRAMES)
    for path in ways.values():
        path.port.close()
    slow, fast = (samples[way].spread()[1] * clock.ns_per_tick for way in (before, after))
    shown.rows.append((name, f"{slow:.0f}", f"{fast:.0f}", f"{fast / slow:.2f}"))
    shown.raw[name] = {way: samples[way].ticks for way in ways}
