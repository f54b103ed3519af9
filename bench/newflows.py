"""New flows until the table is full, what a full table does with more, and what a million take."""

from __future__ import annotations

from bench.flows import GATEWAY_MACS, INSIDE_MAC, Shape, frames, outward
from bench.measure import Samples, clock, once, sample
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
            self.fill(more)

    def fill(self, more: Shape) -> None:
        wire = Path(self.frames)
        wire.start()
        self.wire.ticks.append(sample(wire, self.shape.flows))
        path = Opening(self.frames, more, mapping=self.mapping, capacity=self.shape.flows)
        path.start()
        # Once only: a second pass would find its flows open.
        done, first = once(path, self.shape.flows * (PARTS - 1) // PARTS)
        rest, last = once(path, self.shape.flows - done)
        self.last.ticks.append(last)
        self.whole.ticks.append((first * done + last * rest) / (done + rest))
        done += rest
        if path.flows.count != min(done, self.shape.flows):
            raise RuntimeError(f"{done} flows were sent, {path.flows.count} are open: {path.engine.drops()}")
        polled, ticks = once(path, len(self.frames) - done - path.burst)
        self.beyond.ticks.append(ticks)
        lost = sum(row["count"] for row in path.engine.drops() if row["scope"] == "node")
        self.recycled = polled - int(lost)
        self.octets = path.flows.octets


def table() -> Table:
    """One row a limit and mapping."""
    shown = Table(
        "NAT: new flows until the table is full (64 octets, 1 frame a flow)",
        (
            "flows, mapping",
            "new flow\ncycles",
            "quartiles\ncycles",
            "goal\ncycles",
            "last\ntenth",
            "when\nfull",
            "M\nflows/s",
            "octets\na flow",
            "goal\noctets",
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
                    f"{name}, {mapping.removeprefix('endpoint-')}",
                    f"{middle:.0f}",
                    f"{low:.0f}–{high:.0f}",
                    f"≤ {GOAL}",
                    f"{last:.0f}",
                    f"{beyond:.0f}",
                    f"{1000 / (fill.whole.spread()[1] * clock.ns_per_tick):.2f}",
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
    shown.notes.append("1 remote, 64 public addresses; cycles are overhead over the wire; each flow's one frame")
    shown.notes.append(f"when full: {MORE:,} more flows, each in the place of the oldest")
    return shown
