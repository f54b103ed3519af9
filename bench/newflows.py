"""New flows until the table is full, what a full table does with more, and what a million take."""

from __future__ import annotations

from bench.flows import GATEWAY_MACS, INSIDE_MAC, Shape, frames, outward
from bench.measure import Samples, clock, sample
from bench.nat import DEPENDENT, INDEPENDENT
from bench.natted import Natted
from bench.paths import Path
from bench.table import Table

LIMITS = {"65,536": Shape(65_536), "1 M": Shape(1_000_000)}
REPETITIONS = 10
PARTS = 10
GOAL = 2445
OCTETS_GOAL = 128
MORE = 20_000


class Opening(Natted):
    """A NAT that is sent one frame of each flow, having seen none."""

    def start(self) -> None:
        self.source.cycle(self.frames)


class Fill:
    """Ticks per new flow of one shape: over the wire, in all, in the last tenth, and beyond the limit."""

    def __init__(self, shape: Shape, mapping: str) -> None:
        self.shape, self.mapping = shape, mapping
        self.wire, self.whole, self.last, self.beyond = Samples(), Samples(), Samples(), Samples()
        more = Shape(shape.endpoints + MORE, shape.remotes, shape.addresses)
        self.frames = frames(outward(more), (64,), (GATEWAY_MACS[0], INSIDE_MAC))
        self.octets = 0
        self.recycled = 0
        for _ in range(REPETITIONS):
            self.once(more)

    def once(self, more: Shape) -> None:
        wire = Path(self.frames)
        wire.start()
        self.wire.ticks.append(sample(wire, self.shape.flows))
        path = Opening(self.frames, more, mapping=self.mapping, capacity=self.shape.flows)
        path.start()
        done, ticks = 0, 0
        for part in range(1, PARTS + 1):
            # Once only: a second pass would find its flows open.
            polled, took = path.spin(self.shape.flows * part // PARTS - done)
            done, ticks = done + polled, ticks + took
        self.last.ticks.append(took / polled)
        self.whole.ticks.append(ticks / done)
        if path.flows.count != min(done, self.shape.flows):
            raise RuntimeError(f"{done} flows were sent, {path.flows.count} are open: {path.engine.drops()}")
        polled, ticks = path.spin(len(self.frames) - done - path.burst)
        self.beyond.ticks.append(ticks / polled)
        lost = sum(row["count"] for row in path.engine.drops() if row["scope"] == "node")
        self.recycled = polled - int(lost)
        self.octets = path.flows.octets


def table() -> Table:
    """One row a limit and mapping."""
    shown = Table(
        "NAT: new flows until the table is full (64 octets, 1 frame a flow)",
        (
            "flows",
            "wire\ncycles",
            "new flow\ncycles",
            "quartiles\ncycles",
            "last tenth\ncycles",
            "when full\ncycles",
            "M flows/s",
            "goal\ncycles",
            "octets\na flow",
            "goal",
        ),
    )
    for mapping in (DEPENDENT, INDEPENDENT):
        for name, shape in LIMITS.items():
            fill = Fill(shape, mapping)
            low, middle, high = fill.whole.minus(fill.wire).spread()
            last, beyond = (samples.minus(fill.wire).spread()[1] for samples in (fill.last, fill.beyond))
            each = fill.octets / shape.flows
            shown.rows.append(
                (
                    f"{name}, {mapping}",
                    f"{fill.wire.spread()[1]:.0f}",
                    f"{middle:.0f}",
                    f"{low:.0f}–{high:.0f}",
                    f"{last:.0f}",
                    f"{beyond:.0f}",
                    f"{1000 / (fill.whole.spread()[1] * clock.ns_per_tick):.2f}",
                    f"≤ {GOAL}",
                    f"{each:.1f}",
                    f"≤ {OCTETS_GOAL}" if shape.flows == 1_000_000 else "",
                )
            )
            shown.raw[f"{name} {mapping}"] = {
                "wire_ticks": fill.wire.ticks,
                "new_ticks": fill.whole.ticks,
                "last_tenth_ticks": fill.last.ticks,
                "when_full_ticks": fill.beyond.ticks,
                "recycled_of_20000": fill.recycled,
                "octets": fill.octets,
            }
    shown.notes.append("1 remote, 64 public addresses; cycles are overhead: with NAT − the same frames over the wire")
    shown.notes.append(f"when full: {MORE:,} more flows, each in the place of the oldest")
    return shown
