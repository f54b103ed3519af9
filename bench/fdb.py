"""The bridge's table by itself: how many stations it holds, how fast it learns them, what memory that takes (RFC 2889 5.7, 5.8)."""

from __future__ import annotations

from bench.measure import Samples, clock, sample
from bench.paths import Path
from bench.table import Table
from bench.traffic import announcements
from fastpath import Bridge, Engine

LIMITS = (65_536, 1_000_000)
REPETITIONS = 10
MEMORY_GOAL = 32 << 20


class Learner(Path):
    """A bridge of `limit` stations that is sent one frame from each of `stations`."""

    def __init__(self, stations: int, limit: int) -> None:
        self.limit = limit
        super().__init__(announcements(stations))

    def wire_up(self) -> None:
        self.bridge = Bridge(self.engine, "bridge", limit=self.limit, member_limit=self.limit)
        for port in (self.sender, *self.receivers):
            port.lead_to(self.bridge, self.bridge.add_member(port))


def floods_with(stations: int, limit: int) -> bool:
    """Whether a frame to any of so many stations, each of which has sent one, is flooded."""
    path = Learner(stations, limit)
    path.push_all(path.receivers[0], path.frames)
    before = path.bridge.named_counters()["flooded"]
    path.push_all(path.sender, [frame[6:12] + frame[:6] + frame[12:] for frame in path.frames])
    # The replies' own sources may find the table full: only whether they were flooded counts.
    return bool(path.bridge.named_counters()["flooded"] != before)


def capacity(limit: int) -> int:
    """The largest number of stations without a flood, by binary search."""
    low, high = 0, 2 * limit
    while high - low > max(1, limit // 1000):
        middle = (low + high) // 2
        low, high = (low, middle) if floods_with(middle, limit) else (middle, high)
    return low


def learning(stations: int) -> tuple[Samples, Samples]:
    """Ticks a frame: over the wire, and over a bridge that has seen none of its sources before."""
    wire, learned = Samples(), Samples()
    for _ in range(REPETITIONS):
        path = Path(announcements(stations))
        path.start()
        wire.ticks.append(sample(path, stations))
        fresh = Learner(stations, stations)
        fresh.start()
        # Once only: a second pass would find every station known.
        polled, ticks = fresh.spin(stations)
        learned.ticks.append(ticks / polled)
        if fresh.bridge.named_counters()["learned"] != stations:
            raise RuntimeError(f"{stations} stations sent, {fresh.bridge.named_counters()['learned']} were learned")
    return wire, learned


def table() -> Table:
    """One row a limit."""
    shown = Table(
        "Bridge: the table (RFC 2889 5.7, 5.8; ageing 300 s, one frame a station)",
        ("limit", "capacity", "learning\ncycles", "learning\nM stations/s", "memory\nMiB", "goal\nMiB"),
    )
    for limit in LIMITS:
        held = capacity(limit) if limit < 1_000_000 else _holds(limit)
        wire, learned = learning(limit)
        cost = learned.minus(wire).spread()[1]
        octets = Bridge(Engine(), "bridge", limit=limit).table_octets
        goal = f"≤ {MEMORY_GOAL >> 20}" if limit == 1_000_000 else ""
        rate = 1000 / (learned.spread()[1] * clock.ns_per_tick)
        shown.rows.append((f"{limit:,}", f"{held:,}", f"{cost:.0f}", f"{rate:.1f}", f"{octets / 2**20:.1f}", goal))
        shown.raw[str(limit)] = {
            "capacity": held,
            "wire_ticks": wire.ticks,
            "learning_ticks": learned.ticks,
            "table_octets": octets,
        }
    shown.notes.append("learning cycles: overhead, a frame from a new station flooded to one port − the same over the wire")
    return shown


def _holds(limit: int) -> int:
    """The limit itself, if that many are learned without a flood; else what a search finds."""
    return limit if not floods_with(limit, limit) and floods_with(limit + limit // 1000, limit) else capacity(limit)
