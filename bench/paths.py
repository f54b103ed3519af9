"""What lies between the port that sends and the ports that receive: nothing (the wire), or the feature that is measured."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypedDict, Unpack

from bench.traffic import announcements
from fastpath import Bridge, Engine, MemoryPort, Outbox

NS_PER_FRAME = 50
"""Time that passes for the engine with each frame: 20 million frames a second, so that ageing and time stamps play their part."""


class Options(TypedDict, total=False):
    """What every Path takes besides its frames, and its subclasses pass on."""

    burst: int
    receivers: int
    outbox: bool


class Path:
    """An engine with a port that polls `frames` over and over. `outbox=True` keeps what comes out, for verification.

    They go in by `source` and must leave by `target`.
    """

    def __init__(
        self, frames: Sequence[bytes], *, burst: int = 256, receivers: int = 1, outbox: bool = False, mtu: int = 1500
    ) -> None:
        self.frames = frames
        self.burst = burst
        self.engine = Engine(burst=burst)
        self.outbox = Outbox() if outbox else None
        self.sender = MemoryPort(self.engine, "sender", outbox=self.outbox, mtu=mtu)
        self.receivers = [MemoryPort(self.engine, f"receiver {n}", outbox=self.outbox, mtu=mtu) for n in range(receivers)]
        self.source, self.target = self.sender, self.receivers[0]
        self.now = 0
        self.wire_up()

    def wire_up(self) -> None:
        """Lead the sender to the receiver. Features override this."""
        self.sender.lead_to(self.receivers[0])

    def start(self) -> None:
        """Begin to poll the frames."""
        self.sender.cycle(self.frames)

    def spin(self, frames: int) -> tuple[int, int]:
        """About so many frames through the path: (frames, processor ticks)."""
        turns = max(1, -(-frames // self.burst))
        polled, ticks = self.engine.spin(turns, self.now, self.burst * NS_PER_FRAME)
        self.now += turns * self.burst * NS_PER_FRAME
        return polled, ticks

    def push_all(self, port: MemoryPort, frames: Sequence[bytes]) -> None:
        """Each frame once, outside of what is measured."""
        for frame in frames:
            port.push(frame)
        self.engine.run_until_idle(self.now)
        if self.outbox is not None:
            self.outbox.take()

    def problems(self) -> list[str]:
        """What a measurement may not show: frames lost on the way, or sent to more ports than one."""
        found = [f"{row['count']} frames dropped: {row['reason']}" for row in self.engine.drops() if row["scope"] == "node"]
        for row in self.engine.counters():
            if row["in"] + row["cloned"] + row["originated"] != row["out"] + row["consumed"] + row["dropped"] + row["held"]:
                found.append(f"frames vanished in {row['node']}")
        return found


class Bridged(Path):
    """A bridge that knows both stations of each pair."""

    def __init__(self, frames: Sequence[bytes], *, pairs: int, **options: Unpack[Options]) -> None:
        self.pairs = pairs
        super().__init__(frames, **options)

    def wire_up(self) -> None:
        self.bridge = Bridge(self.engine, "bridge", limit=2 * self.pairs, member_limit=self.pairs)
        for port in (self.sender, *self.receivers):
            port.lead_to(self.bridge, self.bridge.add_member(port))

    def start(self) -> None:
        self.push_all(self.receivers[0], announcements(self.pairs))
        self.push_all(self.sender, self.frames)
        self.flooded = self.bridge.named_counters()["flooded"]
        super().start()

    def problems(self) -> list[str]:
        counted = self.bridge.named_counters()
        found = [line for line in super().problems() if "same port" not in line]
        if counted["stations"] != 2 * self.pairs:
            found.append(f"{counted['stations']} stations known, {2 * self.pairs} wanted")
        if counted["flooded"] != self.flooded:
            found.append(f"{counted['flooded'] - self.flooded} frames flooded")
        return found


PathFactory = Callable[..., Path]
