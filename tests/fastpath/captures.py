"""Capture files made octet by octet, for tests of the reader: every format, both byte orders, anything a header may claim."""

import io
import os
import struct
import subprocess
from collections.abc import Iterable
from pathlib import Path

from fastpath.capture import Capture

Record = tuple[int, bytes]


def pcap(records: Iterable[Record], *, order: str = "<", nano: bool = True, link: int = 1, left_out: int = 0) -> bytes:
    parts = [struct.pack(order + "IHHiIII", 0xA1B23C4D if nano else 0xA1B2C3D4, 2, 4, 0, 0, 65535, link)]
    for time, octets in records:
        fraction = time % 10**9 // (1 if nano else 1000)
        parts.append(struct.pack(order + "IIII", time // 10**9, fraction, len(octets), len(octets) + left_out) + octets)
    return b"".join(parts)


def block(kind: int, body: bytes, order: str = "<") -> bytes:
    body += bytes(-len(body) % 4)
    return struct.pack(order + "II", kind, len(body) + 12) + body + struct.pack(order + "I", len(body) + 12)


def option(code: int, value: bytes, order: str = "<") -> bytes:
    return struct.pack(order + "HH", code, len(value)) + value + bytes(-len(value) % 4)


def section(order: str = "<") -> bytes:
    return block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1) + option(4, b"us", order), order)


def interface(*options: bytes, order: str = "<", link: int = 1, snaplen: int = 0) -> bytes:
    return block(1, struct.pack(order + "HHI", link, 0, snaplen) + b"".join(options) + (bytes(4) if options else b""), order)


def enhanced(ticks: int, octets: bytes, *, order: str = "<", number: int = 0, original: int | None = None) -> bytes:
    original = len(octets) if original is None else original
    head = struct.pack(order + "IIIII", number, ticks >> 32, ticks & 0xFFFFFFFF, len(octets), original)
    return block(6, head + octets + bytes(-len(octets) % 4) + option(1, b"a comment", order) + bytes(4), order)


def old(ticks: int, octets: bytes, order: str = "<") -> bytes:
    head = struct.pack(order + "HHIIII", 0, 0xFFFF, ticks >> 32, ticks & 0xFFFFFFFF, len(octets), len(octets))
    return block(2, head + octets, order)


def simple(octets: bytes, *, order: str = "<", original: int | None = None) -> bytes:
    return block(3, struct.pack(order + "I", len(octets) if original is None else original) + octets, order)


def tool(*words: str | Path) -> str:
    """What one of Wireshark's tools prints. It runs without our sanitisers' library, under which it hangs when it ends."""
    environment = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}
    return subprocess.run(words, env=environment, check=True, capture_output=True, text=True, timeout=60).stdout


class Trickle(io.RawIOBase):
    """A file that gives a few octets at a time, as a pipe may."""

    def __init__(self, octets: bytes, step: int) -> None:
        self.octets, self.step = octets, step

    def readable(self) -> bool:
        return True

    def readinto(self, room) -> int:
        piece = self.octets[: min(self.step, len(room))]
        room[: len(piece)] = piece
        self.octets = self.octets[len(piece) :]
        return len(piece)


def read(octets: bytes, step: int = 1 << 30) -> tuple[list[tuple[int, bytes, int]], str]:
    """All records, and what stopped them."""
    capture = Capture(Trickle(octets, step), "a.pcap")
    records = list(capture)
    return records, str(capture.fault) if capture.fault else ""
