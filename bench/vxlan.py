"""What VXLAN costs a frame, in and out: by flows and frame size, by peers, by burst, over IPv4 and IPv6."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from bench import outer
from bench.measure import measure
from bench.paths import Path
from bench.settings import Settings, short, size
from bench.table import Table, add_overhead, overhead_table
from bench.traffic import frames
from bench.translated import pass_once
from bench.tunnelled import Both, Overlaid, Pop, Push, Tunnelled

ROUNDS = 11
SIZES, FLOWS, PEERS, BURSTS = ("64", "IMIX", "1500"), (1, 1000, 100_000), (1, 16, 256), (1, 2, 4, 8, 32, 256)
GOALS = {
    "encap": {("64", 1): "≤ 66", ("64", 1000): "≤ 103", ("1500", 1000): "≤ 110"},
    "decap": {("64", 1): "≤ 73", ("64", 1000): "≤ 115", ("1500", 1000): "≤ 122"},
}
ALONE = {"encap": Push, "decap": Pop}
GOAL_NOTE = "goals are for a 2.445 GHz EPYC, one peer, over IPv4, bridge included"
PATHS_NOTE = "alone: the header and its checks, by one node; bridge: with a bridge and a VTEP, as in a lab"


@dataclass(frozen=True)
class Shape:
    """One cell: inner frames of `size`, a flow for each pair of stations, those at the other end behind so many peers."""

    size: str = "64"
    flows: int = 1000
    peers: int = 1
    burst: int = 256
    version: int = 4

    def inner(self) -> tuple[list[bytes], np.ndarray]:
        """The frames, and which peer each goes to or comes from."""
        made = frames(self.flows, size(self.size), one_flow=True)
        stations = np.fromiter((int.from_bytes(frame[2:6]) for frame in made), np.int64, len(made))
        return made, stations % self.peers


class Cell:
    """The same frames over a wire, through the encapsulation alone, and with a bridge and a VTEP."""

    def __init__(self, way: str, shape: Shape) -> None:
        self.way, self.shape = way, shape
        self.there, self.peers = shape.inner()
        self.inner = self.there
        self.frames = self.there
        if way == "decap":
            # Back from the peers: each pair's frame, its stations changed for each other.
            self.inner = [frame[6:12] + frame[:6] + frame[12:] for frame in self.there]
            self.frames = outer.arriving(self.inner, self.peers, shape.version)

    def wire(self) -> Path:
        return Path(self.frames, burst=self.shape.burst, mtu=9000)

    def alone(self, *, outbox: bool = False) -> Tunnelled:
        return ALONE[self.way](self.frames, version=self.shape.version, burst=self.shape.burst, outbox=outbox)

    def bridged(self, *, outbox: bool = False) -> Overlaid:
        return Overlaid(
            self.frames,
            version=self.shape.version,
            peers=self.shape.peers,
            pairs=self.shape.flows,
            inside=self.there,
            back=self.way == "decap",
            burst=self.shape.burst,
            outbox=outbox,
        )

    def verify(self) -> int:
        """Every frame of the cycle, octet by octet, behind both paths; how many."""
        checked = 0
        for path in (self.alone(outbox=True), self.bridged(outbox=True)):
            path.start()
            path.source.cycle([])
            came = pass_once(path)
            peers = np.zeros_like(self.peers) if isinstance(path, Push) else self.peers
            if self.way == "encap":
                checked += outer.judge(self.inner, came, peers, self.shape.version)
            elif came != self.inner:
                raise RuntimeError("an inner frame changed, or frames came out in another order")
            else:
                checked += len(came)
        return checked

    def add_to(self, table: Table, name: str) -> int:
        """Two rows: alone, and with the bridge; the frames verified."""
        checked = self.verify()
        gc.collect()
        samples = measure({"wire": self.wire(), "alone": self.alone(), "bridged": self.bridged()}, rounds=ROUNDS)
        goal = GOALS[self.way].get((self.shape.size, self.shape.flows), "")
        if self.shape != Shape(self.shape.size, self.shape.flows):
            goal = ""
        add_overhead(table, f"{name}, alone", samples["wire"], samples["alone"])
        add_overhead(table, f"{name}, bridge", samples["wire"], samples["bridged"], goal)
        return checked


def measured(way: str, title: str, first: str, shapes: Iterable[tuple[str, Shape]]) -> Table:
    """Cells one after the other, each interleaved in itself: what all of them hold at once would not fit."""
    table = overhead_table(title, first)
    checked = sum(Cell(way, shape).add_to(table, name) for name, shape in shapes)
    table.notes.append(f"verified: {checked:,} frames came out once, in order, octet for octet; none was flooded, none copied")
    table.notes += [PATHS_NOTE, GOAL_NOTE]
    return table


def both() -> Table:
    """On and off again, without a bridge."""
    table = overhead_table("VXLAN on and off again, by frame size (1 k flows, bursts of 256)", "octets")
    checked = 0
    for octets in SIZES:
        inner, _ = Shape(octets).inner()
        path = Both(inner, version=4, outbox=True)
        if pass_once(path) != inner:
            raise RuntimeError("a frame came back changed")
        checked += len(inner)
        samples = measure({"wire": Path(inner, mtu=9000), "both": Both(inner, version=4)}, rounds=ROUNDS)
        add_overhead(table, octets, samples["wire"], samples["both"])
    table.notes.append(f"verified: {checked:,} frames came back as they were, in order")
    return table


def chosen(settings: Settings) -> list[Shape]:
    """What was asked for: every combination."""
    base = Shape(version=settings.outer or 4)
    return [
        replace(base, size=octets, flows=flows, peers=peers, burst=burst)
        for octets in settings.sizes or (base.size,)
        for flows in settings.flows or (base.flows,)
        for peers in settings.peers or (base.peers,)
        for burst in settings.bursts or (base.burst,)
    ]


def tables(way: str, settings: Settings) -> Iterator[Table]:
    """Those of `encap` or `decap`; with settings one, of what they say."""
    if [option for option in settings.given if option != "--pcap"]:
        rows = ((f"{s.size}, {short(s.flows)}, {s.peers}, {s.burst}, IPv{s.version}", s) for s in chosen(settings))
        yield measured(way, f"VXLAN {way}", "octets, flows, peers, burst", rows)
        return
    for octets in SIZES:
        what = f"{octets} octets" if octets.isdecimal() else octets
        cells = ((short(flows), Shape(octets, flows)) for flows in FLOWS)
        yield measured(way, f"VXLAN {way}, {what}, by flows (one peer, bursts of 256)", "flows", cells)
    sweeps: tuple[tuple[str, str, Callable[[], Iterator[tuple[str, Shape]]]], ...] = (
        ("by peers (1 k flows, 64 octets)", "peers", lambda: ((str(peers), Shape(peers=peers)) for peers in PEERS)),
        ("by burst (1 k flows, 64 octets)", "burst", lambda: ((str(burst), Shape(burst=burst)) for burst in BURSTS)),
        ("over IPv6 (1 k flows)", "octets", lambda: ((octets, Shape(octets, version=6)) for octets in SIZES)),
    )
    for title, first, shapes in sweeps:
        yield measured(way, f"VXLAN {way}, {title}", first, shapes())
    if way == "decap":
        yield both()
