"""What NAT costs a frame, out and back: by flows, by frame size, by mapping, by burst."""

from __future__ import annotations

import gc
from collections.abc import Iterator

from bench.flows import GATEWAY_MACS, INSIDE_MAC, Shape, frames, order, outward
from bench.measure import measure
from bench.natted import BACK_MACS, OUT_MACS, Natted, replies
from bench.paths import Path
from bench.table import Table, add_overhead, overhead_table
from bench.traffic import IMIX
from bench.translated import backwards, outwards

VPP = {"1": Shape(1), "1 k": Shape(1000), "100 k": Shape(100_000), "1 M": Shape(1_000_000)}
"""The shape of VPP's figures: 1 remote, 64 public addresses; there endpoint-dependent."""
FEW = {"1": Shape(1, 1, 1), "1 k": Shape(100, 10, 1), "100 k": Shape(1000, 100, 1), "1 M": Shape(10_000, 100, 1)}
"""Endpoints that talk to many remotes, behind one public address."""
GOALS = {"1": "≤ 103", "1 k": "≤ 167", "100 k": "≤ 596", "1 M": "≤ 678"}
SIZES = {"64": (64,), "IMIX": IMIX, "1500": (1500,)}
BURSTS = (1, 2, 4, 8, 32, 256)
ROUNDS = 11
DEPENDENT, INDEPENDENT = "endpoint-dependent", "endpoint-independent"
GOAL_NOTE = "goals are for a 2.445 GHz EPYC, 64 octets, out"


class Cell:
    """A row to be for each direction: the same frames over a wire and through the NAT."""

    def __init__(self, shape: Shape, sizes: tuple[int, ...], mapping: str, burst: int = 256) -> None:
        self.shape, self.sizes, self.mapping, self.burst = shape, sizes, mapping, burst
        self.frames = frames(outward(shape)[order(shape.flows)], sizes, (GATEWAY_MACS[0], INSIDE_MAC))
        self.back: list[bytes] = []

    def natted(self, *, back: bool = False, both: bool = False, outbox: bool = False) -> Natted:
        frames = self.back if back else None
        return Natted(self.frames, self.shape, mapping=self.mapping, back=frames, both=both, burst=self.burst, outbox=outbox)

    def verify(self) -> int:
        """Every frame of the cycle out, and every reply to one back; how many."""
        out = self.natted(outbox=True)
        out.fill()
        outgoing = outwards(out, self.shape, dependent=self.mapping == DEPENDENT, macs=OUT_MACS)
        self.back = replies(outgoing)
        back = self.natted(back=True, outbox=True)
        back.fill()
        return len(outgoing) + backwards(back, self.frames, BACK_MACS)

    def add_to(self, table: Table, name: str, goal: str) -> int:
        """Measure and verify; a row for each way. The frames verified."""
        # First, as it gives the replies; both tables assign the same, being given the same.
        checked = self.verify()
        gc.collect()
        paths: dict[str, Path] = {"wire": Path(self.frames, burst=self.burst), "out": self.natted(), "back": self.natted(back=True)}
        if self.sizes == (64,):
            paths["both"] = self.natted(back=True, both=True)
        samples = measure(paths, rounds=ROUNDS)
        for way in list(paths)[1:]:
            add_overhead(table, f"{name}, {way}", samples["wire"], samples[way], goal if way == "out" else "")
        return checked


def measured(title: str, cells: Iterator[tuple[str, Cell, str]]) -> Table:
    """Cells one after the other, each interleaved in itself: what all of them hold at once would not fit."""
    table = overhead_table(title, "flows")
    checked = sum(cell.add_to(table, name, goal) for name, cell, goal in cells)
    table.notes.append(f"verified: {checked:,} frames came out once, in order, translated as they must be, checksums valid")
    table.notes.append(GOAL_NOTE)
    return table


def by_flows(mapping: str, shapes: dict[str, Shape], size: str = "64") -> Table:
    """Bursts of 256; 1 … 1 M flows."""
    cells = ((name, Cell(shape, SIZES[size], mapping), GOALS[name] if size == "64" else "") for name, shape in shapes.items())
    few = ", few endpoints" if shapes is FEW else ""
    octets = f"{size} octets" if size.isdigit() else size
    table = measured(f"NAT, {mapping}, {octets}{few}, by flows (bursts of 256)", cells)
    table.notes.append("inside endpoints × remotes × public addresses: " + "; ".join(f"{name}: {shapes[name]}" for name in shapes))
    return table


def by_burst() -> Table:
    """1 k flows, 64 octets, the default mapping."""
    cells = ((str(burst), Cell(VPP["1 k"], (64,), INDEPENDENT, burst), "") for burst in BURSTS)
    table = measured(f"NAT, by burst (1 k flows, {INDEPENDENT}, 64 octets)", cells)
    table.columns = ("burst", *table.columns[1:])
    return table


def tables() -> Iterator[Table]:
    """All of them."""
    for mapping in (DEPENDENT, INDEPENDENT):
        for size in SIZES:
            yield by_flows(mapping, VPP, size)
    yield by_flows(INDEPENDENT, FEW)
    yield by_burst()
