"""What the bridge costs a frame: by stations, by frame size, by burst."""

from __future__ import annotations

from bench.measure import measure
from bench.paths import Bridged, Path
from bench.table import Table, add_overhead, overhead_table
from bench.traffic import IMIX, frames
from bench.verify import verify

STATIONS = {"1": 1, "1 k": 1000, "10 k": 10_000, "100 k": 100_000, "1 M": 1_000_000}
STATION_GOALS = {"1": "≤ 35", "1 k": "≤ 68", "10 k": "≤ 76", "100 k": "≤ 210", "1 M": "≤ 300"}
SIZES = {str(size): (size,) for size in (64, 128, 256, 512, 1024, 1280, 1500)} | {"IMIX": IMIX}
SIZE_GOALS = {"64": "≤ 68", "IMIX": "≤ 72", "1500": "≤ 76"}
BURSTS = (1, 2, 4, 8, 16, 32, 64, 128, 256)
BURST_GOALS = {1: "≤ 200", 8: "≤ 100"}
WIRE_GOAL = "goals are for a 2.445 GHz EPYC; there the wire itself shall cost ≤ 30 cycles at 64 octets"


class Cell:
    """A row to be: the same frames over a wire and over a bridge."""

    def __init__(self, name: str, pairs: int, sizes: tuple[int, ...], burst: int = 256, goal: str = "") -> None:
        self.name = name
        self.pairs = pairs
        self.frames = frames(pairs, sizes)
        self.burst = burst
        self.goal = goal
        self.wire = Path(self.frames, burst=burst)
        self.bridge = Bridged(self.frames, pairs=pairs, burst=burst)

    def verify(self) -> int:
        """Every frame of the cycle, compared octet by octet behind both paths; how many."""
        checked = verify(Path(self.frames, burst=self.burst, outbox=True))
        behind = Bridged(self.frames, pairs=self.pairs, burst=self.burst, outbox=True)
        behind.start()
        behind.sender.cycle([])
        return checked + verify(behind)


def measured(title: str, first: str, cells: list[Cell]) -> Table:
    """The cells, measured in one interleaved run and verified apart from it."""
    table = overhead_table(title, first)
    samples = measure({f"{cell.name} {kind}": getattr(cell, kind) for cell in cells for kind in ("wire", "bridge")})
    checked = 0
    for cell in cells:
        checked += cell.verify()
        add_overhead(table, cell.name, samples[f"{cell.name} wire"], samples[f"{cell.name} bridge"], cell.goal)
    table.notes.append(f"verified: {checked:,} frames came out once, in order, at their port, octet for octet; none was flooded")
    table.notes.append(WIRE_GOAL)
    return table


def by_stations() -> Table:
    """64 octets, bursts of 256; so many pairs of stations, twice as many entries."""
    cells = [Cell(name, pairs, (64,), goal=STATION_GOALS[name]) for name, pairs in STATIONS.items()]
    return measured("Bridge, by pairs of stations (64 octets, bursts of 256)", "pairs", cells)


def by_size() -> Table:
    """1 k pairs, bursts of 256."""
    cells = [Cell(name, 1000, sizes, goal=SIZE_GOALS.get(name, "")) for name, sizes in SIZES.items()]
    table = measured("Bridge, by frame size (1 k pairs, bursts of 256)", "octets", cells)
    table.notes.append("sizes without FCS; IMIX: 7 × 64, 4 × 590, 1 × 1514")
    return table


def by_burst() -> Table:
    """1 k pairs, 64 octets."""
    cells = [Cell(str(burst), 1000, (64,), burst=burst, goal=BURST_GOALS.get(burst, "")) for burst in BURSTS]
    return measured("Bridge, by burst (1 k pairs, 64 octets)", "burst", cells)
