"""A table of results: for the eye, and as data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table as RichTable

from bench.measure import Samples, clock


@dataclass
class Table:
    """`rows` hold what `columns` name; `raw` holds every number measured."""

    title: str
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    raw: dict[str, Any] = field(default_factory=dict)

    def show(self, console: Console) -> None:
        """Print it."""
        shown = RichTable(
            title=self.title,
            title_justify="left",
            min_width=90,
            title_style="bold",
            box=SIMPLE_HEAD,
            padding=(0, 1),
            pad_edge=False,
        )
        for at, column in enumerate(self.columns):
            shown.add_column(column, justify="left" if at == 0 else "right", no_wrap=True)
        for row in self.rows:
            shown.add_row(*row)
        console.print(shown)
        for note in self.notes:
            console.print(f"  {note}", highlight=False, markup=False)
        console.print()

    def data(self) -> dict[str, Any]:
        """As it stands in the JSON file."""
        return {"title": self.title, "columns": self.columns, "rows": self.rows, "notes": self.notes, "raw": self.raw}


OVERHEAD_COLUMNS = (
    "wire\ncycles",
    "with it\ncycles",
    "with it\nns",
    "overhead\ncycles",
    "quartiles\ncycles",
    "overhead\nns",
    "Mframe/s",
    "goal\ncycles",
)


def overhead_table(title: str, first: str) -> Table:
    """An empty table of costs per frame; `overhead` = with the feature − the same path without."""
    return Table(title, (first, *OVERHEAD_COLUMNS))


def add_overhead(table: Table, name: str, wire: Samples, feature: Samples, goal: str = "") -> None:
    """One row: the path without the feature, with it, and the difference."""
    ns = clock.ns_per_tick
    overhead = feature.minus(wire)
    low, middle, high = overhead.spread()
    total = feature.spread()[1]
    table.rows.append(
        (
            name,
            f"{wire.spread()[1]:.0f}",
            f"{total:.0f}",
            f"{total * ns:.1f}",
            f"{middle:.0f}",
            f"{low:.0f}–{high:.0f}",
            f"{middle * ns:.1f}",
            f"{1000 / (total * ns):.1f}",
            goal,
        )
    )
    table.raw[name] = {
        "wire_ticks": wire.ticks,
        "with_ticks": feature.ticks,
        "overhead_ticks": overhead.ticks,
        "overhead_ticks_median": middle,
        "overhead_ns_median": middle * ns,
        "ns_per_tick": ns,
    }
