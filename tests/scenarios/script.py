"""What a scenario is made of: who sends what, when, and who must get it; written as captures."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import SupportsBytes

HERE = Path(__file__).parent
SECOND = 1_000_000_000
BROADCAST = "ff:ff:ff:ff:ff:ff"
Record = tuple[int, bytes]


def mac(number: int) -> str:
    """Station `number`'s address: not one of the lab's own, since a bridge does not care who its stations are."""
    return f"02:00:00:00:{number >> 8:02x}:{number & 0xFF:02x}"


def pcap(records: list[Record]) -> bytes:
    """A nanosecond pcap, as `dataplane replay` writes it."""
    parts = [struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, 1)]
    parts += [struct.pack("<IIII", *divmod(time, SECOND), len(octets), len(octets)) + octets for time, octets in records]
    return b"".join(parts)


@dataclass
class Script:
    """`ports`: all there are. Time goes on by a millisecond with each frame unless it is set."""

    name: str
    ports: tuple[str, ...]
    now: int = SECOND
    sent: dict[str, list[Record]] = field(default_factory=dict)
    wanted: dict[str, list[Record]] = field(default_factory=dict)

    def send(self, port: str, frame: SupportsBytes, *receivers: str) -> None:
        """`port` sends the frame, and `receivers` get the same octets at the same time."""
        self.send_for(port, frame, {receiver: [frame] for receiver in receivers})

    def send_for(self, port: str, frame: SupportsBytes, results: dict[str, list[SupportsBytes]]) -> None:
        """`port` sends the frame, and each receiver gets these in its place."""
        self.sent.setdefault(port, []).append((self.now, bytes(frame)))
        for receiver, frames in results.items():
            self.wanted.setdefault(receiver, []).extend((self.now, bytes(each)) for each in frames)
        self.now += SECOND // 1000

    def at(self, seconds: float) -> None:
        """The next frame is sent so long after the first."""
        self.now = SECOND + round(seconds * SECOND)

    def others(self, port: str) -> tuple[str, ...]:
        """Every other port of the same network."""
        return tuple(p for p in self.ports if p != port and p.partition(".")[2] == port.partition(".")[2])

    def files(self) -> Iterator[tuple[Path, bytes]]:
        """Every capture of the scenario: its path and octets."""
        folder = HERE / self.name
        for port in self.ports:
            if port in self.sent:
                yield folder / f"in.{port}.pcap", pcap(self.sent[port])
            yield folder / f"out.{port}.pcap", pcap(self.wanted.get(port, []))
