"""An engine between memory ports: frames in, time on, frames out; nothing vanishes. What several worlds of tests have in common."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from scapy.layers.l2 import Ether
from scapy.packet import Packet

from fastpath import Engine, MemoryPort, Outbox

SECOND = 1_000_000_000
BROADCAST = "ff:ff:ff:ff:ff:ff"


def number(mac: str) -> int:
    return int(mac.replace(":", ""), 16)


def octets(mac: str) -> bytes:
    return bytes.fromhex(mac.replace(":", ""))


@dataclass(frozen=True)
class Out:
    """A frame that left by a port."""

    port: str
    frame: bytes

    @property
    def packet(self) -> bytes:
        """What is behind the Ethernet header."""
        return self.frame[14:]

    def __repr__(self) -> str:
        return f"{self.port}: {Ether(self.frame)!r}"


class Outside:
    """Ports by name around an engine, and the time, in ns."""

    def __init__(self, *, seed: int = 0, **engine: Any) -> None:
        self.now = SECOND
        self.engine, self.outbox = Engine(seed=seed, **engine), Outbox()
        self.ports: dict[str, MemoryPort] = {}
        self.names: dict[int, str] = {}

    def add_port(self, name: str, mtu: int = 1500) -> MemoryPort:
        port = self.ports[name] = MemoryPort(self.engine, name, outbox=self.outbox, mtu=mtu)
        self.names[port.index] = name
        return port

    def send_frames(self, port: str, *frames: bytes | Packet) -> list[Out]:
        """Frames arrive in one burst; what leaves, in order."""
        for frame in frames:
            self.ports[port].push(bytes(frame))
        self.engine.run_until_idle(self.now)
        return self.emitted()

    def advance(self, seconds: float) -> list[Out]:
        """Time goes on, timers fire; what leaves meanwhile."""
        end = self.now + round(seconds * SECOND)
        while self.engine.next_due is not None and self.engine.next_due <= end:
            self.now = max(self.now, self.engine.next_due)
            self.engine.turn(self.now)
        self.now = end
        self.engine.run_until_idle(end)
        return self.emitted()

    def emitted(self) -> list[Out]:
        out = [Out(self.names[index], data) for index, _, data in self.outbox.take()]
        self.assert_balanced()
        return out

    def drops(self) -> Counter[str]:
        """Drops of all nodes by reason."""
        return Counter({row["reason"].item(): int(row["count"]) for row in self.engine.drops() if row["scope"] == "node"})

    def assert_dropped(self, before: Counter[str], *reasons: str) -> None:
        """One frame was, since then, for one of these."""
        dropped = dict(self.drops() - before)
        assert set(dropped) <= set(reasons), dropped
        assert sum(dropped.values()) == 1, dropped

    def assert_balanced(self) -> None:
        """DESIGN, idea 5: in + cloned + originated == out + consumed + dropped + held, per node."""
        for row in self.engine.counters():
            left = int(row["in"]) + int(row["cloned"]) + int(row["originated"])
            right = int(row["out"]) + int(row["consumed"]) + int(row["dropped"]) + int(row["held"])
            assert left == right, row
