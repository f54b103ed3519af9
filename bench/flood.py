"""A broadcast to so many members (RFC 2889 5.9): what the frame costs, and what each copy."""

from __future__ import annotations

from bench.measure import clock, measure
from bench.paths import Path
from bench.table import Table
from bench.traffic import broadcasts
from fastpath import Bridge

MEMBERS = (2, 3, 5, 9, 33, 101)
SIZES = (64, 1500)


class Flooded(Path):
    """A bridge with one member that sends to everybody."""

    def __init__(self, frames: list[bytes], *, members: int) -> None:
        super().__init__(frames, receivers=members - 1)

    def wire_up(self) -> None:
        self.bridge = Bridge(self.engine, "bridge")
        for port in (self.sender, *self.receivers):
            port.lead_to(self.bridge, self.bridge.add_member(port))

    def problems(self) -> list[str]:
        traffic = {row["port"]: row for row in self.engine.traffic()}
        came_in = traffic[self.sender.name]["in_frames"]
        lost = [port.name for port in self.receivers if traffic[port.name]["out_frames"] != came_in]
        return super().problems() + [f"{name} got fewer frames than were sent" for name in lost]


def table() -> Table:
    """One row a number of members and frame size."""
    shown = Table(
        "Broadcast, by members of the bridge (bursts of up to 256)",
        ("members, octets", "wire\ncycles", "with it\ncycles", "overhead\ncycles", "overhead\nns", "cycles\na copy", "M copies/s"),
    )
    for size in SIZES:
        frames = broadcasts(size)
        paths = {f"{members}": Flooded(frames, members=members) for members in MEMBERS}
        samples = measure({"wire": Path(frames), **paths}, frames=1 << 13)
        wire = samples.pop("wire")
        for name, flooded in samples.items():
            overhead, total, copies = flooded.minus(wire).spread()[1], flooded.spread()[1], int(name) - 1
            rate = 1000 * copies / (total * clock.ns_per_tick)
            cells = (wire.spread()[1], total, overhead)
            row = (
                *(f"{ticks:.0f}" for ticks in cells),
                f"{overhead * clock.ns_per_tick:.0f}",
                f"{overhead / copies:.0f}",
                f"{rate:.1f}",
            )
            shown.rows.append((f"{name}, {size}", *row))
            shown.raw[f"{name}, {size}"] = {"wire_ticks": wire.ticks, "with_ticks": flooded.ticks}
    shown.notes.append("every copy came out at its port: counted; sources rotate over 4,096 stations")
    return shown
