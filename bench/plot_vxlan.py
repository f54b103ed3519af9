"""Figures of VXLAN: what it costs by burst and by peers, alone and with bridge and VTEP; and what live traffic gets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = ("#8a8a8a", "#2a9d5c", "#1f6fb4")
FIGURES = (
    ("VXLAN encap, by burst", "frames in a burst", "vxlan-encap-burst.svg"),
    ("VXLAN decap, by burst", "frames in a burst", "vxlan-decap-burst.svg"),
    ("VXLAN encap, by peers", "peers", "vxlan-encap-peers.svg"),
    ("VXLAN decap, by peers", "peers", "vxlan-decap-peers.svg"),
)
LIVE = "VXLAN: TCP, one stream"
LIVE_FILE = "vxlan-live.svg"


def series(table: dict[str, Any]) -> dict[str, dict[str, list[float]]]:
    """Path -> what it was measured by -> ticks. Rows are called "256, bridge"; the wire stands in each."""
    found: dict[str, dict[str, list[float]]] = {"wire": {}}
    for row, numbers in table["raw"].items():
        by, _, path = row.rpartition(", ")
        found.setdefault(path, {})[by] = numbers["overhead_ticks"]
        found["wire"][by] = numbers["wire_ticks"]
    return found


def draw_cost(axes: Axes, table: dict[str, Any], axis: str) -> None:
    """Cycles a frame, median with quartiles, a line for each path."""
    for colour, (path, columns) in zip(COLOURS, series(table).items(), strict=True):
        low, middle, high = np.percentile(list(columns.values()), (25, 50, 75), axis=1)
        label = path if path == "wire" else f"{path} − wire (overhead)"
        axes.errorbar(range(len(columns)), middle, (middle - low, high - middle), color=colour, marker="o", capsize=3, label=label)
        for at, value in enumerate(middle):
            axes.annotate(f"{value:.0f}", (at, value), (0, 7), textcoords="offset points", ha="center", fontsize=8, color=colour)
        axes.set_xticks(range(len(columns)), list(columns))
    axes.set_xlabel(axis)
    axes.set_ylabel("processor ticks a frame")
    axes.legend(frameon=False)


def draw_live(axes: Axes, table: dict[str, Any]) -> None:
    """Mbit/s, a bar for each case, median with quartiles."""
    names = [row[0] for row in table["rows"]]
    low, middle, high = np.percentile(list(table["raw"].values()), (25, 50, 75), axis=1)
    axes.barh(range(len(names)), middle, xerr=(middle - low, high - middle), color=COLOURS[2], capsize=3)
    for at, value in enumerate(middle):
        axes.annotate(f"{value:,.0f}", (0, at), (6, 0), textcoords="offset points", va="center", color="white")
    axes.set_yticks(range(len(names)), names)
    axes.invert_yaxis()
    axes.set_xlabel("Mbit/s")


def draw(read: dict[str, Any], folder: Path) -> None:
    """Every figure that the report has a table for."""
    from matplotlib import pyplot

    machine = read["machine"]
    wanted = [*((title, name, axis) for title, axis, name in FIGURES), (LIVE, LIVE_FILE, None)]
    for title, name, axis in wanted:
        for table in (table for table in read["tables"] if table["title"].startswith(title)):
            figure, axes = pyplot.subplots(figsize=(6.4, 3.8), layout="constrained")
            if axis is None:
                draw_live(axes, table)
            else:
                draw_cost(axes, table, axis)
                axes.set_ylim(bottom=0)
                axes.margins(y=0.15)
            axes.spines[["top", "right"]].set_visible(False)
            head = f"{machine['cpu']}, {machine['tick_ghz']} GHz, {machine['date'][:10]}"
            axes.set_title(f"{table['title']}\n{head}", fontsize=9, loc="left")
            figure.savefig(folder / name, metadata={"Date": None})
            pyplot.close(figure)
