"""What macvlan, ipvlan and a VLAN's tag cost a frame, beside a bridge: from the parent, to it, and between stations."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Unpack

from bench.measure import measure
from bench.paths import Bridged, Options, Path
from bench.table import Table, add_overhead, overhead_table
from bench.traffic import frames
from bench.verify import verify
from fastpath import Ipvlan, Macvlan, Vlan

STATIONS = 1000
OURS = 0x02AA00000001
SENDER, RECEIVER = 0x02A000000000, 0x02B000000000
"""Where the addresses of bench.traffic begin."""


class Macvlans(Path):
    """Receivers are so many members, all at one port; the sender is the parent, or a member."""

    def __init__(self, frames: Sequence[bytes], *, stations: int = STATIONS, way: str = "in", **options: Unpack[Options]) -> None:
        self.stations, self.way = stations, way
        super().__init__(frames, **options)

    def wire_up(self) -> None:
        node = Macvlan(self.engine, "macvlan", limit=self.stations + 1)
        for number in range(self.stations if self.way != "out" else 0):
            node.add_member(self.receivers[0], mac=RECEIVER + number)
        if self.way == "in":
            node.lead_wire(self.sender)
            self.sender.lead_to(node, 0)
            return
        if self.way == "out":
            node.lead_wire(self.receivers[0])
        self.sender.lead_to(node, node.add_member(self.sender, mac=SENDER))


class Ipvlans(Macvlans):
    """The same by addresses; `way` l3 is between stations in mode l3."""

    def wire_up(self) -> None:
        mode = "l3" if self.way == "l3" else "l2"
        node = Ipvlan(self.engine, "ipvlan", mac=OURS, mode=mode, limit=2 * self.stations)
        for number in range(self.stations if self.way != "out" else 0):
            node.add_member(self.receivers[0], addresses=[f"198.19.{number >> 8 & 255}.{number & 255}"])
        if self.way == "in":
            node.lead_wire(self.sender)
            self.sender.lead_to(node, 0)
            return
        if self.way == "out":
            node.lead_wire(self.receivers[0])
        self.sender.lead_to(node, node.add_member(self.sender))


class Tagged(Path):
    """A tag on, and off again by a second node."""

    def wire_up(self) -> None:
        on, off = Vlan(self.engine, "on"), Vlan(self.engine, "off")
        self.sender.lead_to(on, on.add_network(self.sender, identifier=10))
        on.lead_wire(off)
        off.add_network(self.receivers[0], identifier=10)


def by_address(rows: Sequence[bytes], *, out: bool) -> list[bytes]:
    """The same frames between stations with one MAC, or on their way out."""
    ours = OURS.to_bytes(6, "big")
    return [(octets[:6] if out else ours) + ours + octets[12:] for octets in rows]


Make = Callable[..., Path]


def table() -> Table:
    """64 octets, bursts of 256; 1 k stations."""
    plain = frames(STATIONS, (64,))
    inside, outward = by_address(plain, out=False), by_address(plain, out=True)
    cells: dict[str, tuple[Sequence[bytes], Make]] = {
        "bridge, known station": (plain, lambda rows, **more: Bridged(rows, pairs=STATIONS, **more)),
        "macvlan, from the parent": (plain, lambda rows, **more: Macvlans(rows, way="in", **more)),
        "macvlan, to the parent": (plain, lambda rows, **more: Macvlans(rows, way="out", **more)),
        "macvlan, sibling": (plain, lambda rows, **more: Macvlans(rows, way="sibling", **more)),
        "ipvlan, from the parent": (inside, lambda rows, **more: Ipvlans(rows, way="in", **more)),
        "ipvlan l2, to the parent": (outward, lambda rows, **more: Ipvlans(rows, way="out", **more)),
        "ipvlan l2, sibling": (inside, lambda rows, **more: Ipvlans(rows, way="sibling", **more)),
        "ipvlan l3, sibling": (inside, lambda rows, **more: Ipvlans(rows, way="l3", **more)),
        "VLAN, tag on and off": (plain, Tagged),
    }
    paths: dict[str, Path] = {}
    for name, (rows, make) in cells.items():
        paths[f"{name} wire"], paths[f"{name} node"] = Path(rows), make(rows)
    samples = measure(paths)
    result = overhead_table("Parents: macvlan, ipvlan, VLAN (1 k stations, 64 octets, bursts of 256)", "node")
    checked = 0
    for name, (rows, make) in cells.items():
        behind = make(rows, outbox=True)
        if isinstance(behind, Bridged):
            behind.start()
            behind.sender.cycle([])
        checked += verify(behind)
        add_overhead(result, name, samples[f"{name} wire"], samples[f"{name} node"], "")
    result.notes.append(f"verified: {checked:,} frames came out once, in order, at their port, octet for octet")
    result.notes.append("a tag on and off is two nodes; in mode l3 the link layer is written anew")
    return result
