"""How long one turn takes, and how much that varies: what a frame waits for in the worst case (RFC 8219 7.2)."""

from __future__ import annotations

import numpy as np

from bench.measure import clock, sample
from bench.paths import Bridged, Path
from bench.table import Table
from bench.traffic import frames

TURNS = 20_000
BURSTS = (1, 32, 256)


def turns(path: Path) -> np.ndarray:
    """Ticks of each of TURNS single turns."""
    path.start()
    sample(path, 1 << 16)
    return np.array([path.spin(path.burst)[1] for _ in range(TURNS)], np.float64)


def timer() -> float:
    """What the measurement of a turn costs by itself: a turn of an engine that has nothing to poll."""
    idle = Path([])
    return float(np.median([idle.engine.spin(1, 0, 0)[1] for _ in range(TURNS)]))


def table() -> Table:
    """A turn of the bridge with 1 k pairs; 64 octets."""
    shown = Table(
        "A turn of the bridge (1 k pairs, 64 octets), from poll to the last frame out",
        ("burst", "p50 ns", "p99 ns", "p99.9 ns", "max ns", "wire p50 ns", "overhead p50 ns"),
    )
    empty = timer()
    traffic = frames(1000, (64,))
    for burst in BURSTS:
        wire = (turns(Path(traffic, burst=burst)) - empty) * clock.ns_per_tick
        bridge = (turns(Bridged(traffic, pairs=1000, burst=burst)) - empty) * clock.ns_per_tick
        shape = np.percentile(bridge, (50, 99, 99.9, 100))
        middle = float(np.median(wire))
        shown.rows.append((str(burst), *(f"{ns:,.0f}" for ns in shape), f"{middle:,.0f}", f"{shape[0] - middle:,.0f}"))
        shown.raw[str(burst)] = {"percentiles_ns": list(map(float, shape)), "wire_p50_ns": middle, "timer_ticks": empty}
    shown.notes.append(
        f"an empty turn and the timer, {empty:.0f} cycles, are taken off; the largest are the kernel's doing, not the bridge's"
    )
    return shown
