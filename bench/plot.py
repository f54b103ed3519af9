"""Figures from a report of `run`: ``python -m bench.plot bench/results/bench.json docs/figures``. Needs matplotlib."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

STYLES = {"bridge": ("#1f6fb4", "o"), "wire": ("#8a8a8a", "s")}
FIGURES = (
    ("Bridge, by pairs of stations", "pairs of stations", "stations.svg"),
    ("Bridge, by burst", "frames in a burst", "burst.svg"),
)


def draw(table: dict[str, Any], axis: str, path: Path, machine: dict[str, Any]) -> None:
    """Cycles a frame against the table's first column, median with quartiles."""
    import numpy as np
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(6.4, 3.8), layout="constrained")
    names = list(table["raw"])
    for kind, key, label in (("bridge", "overhead_ticks", "bridge − wire (overhead)"), ("wire", "wire_ticks", "wire")):
        low, middle, high = np.percentile([table["raw"][name][key] for name in names], (25, 50, 75), axis=1)
        colour, marker = STYLES[kind]
        axes.errorbar(range(len(names)), middle, (middle - low, high - middle), color=colour, marker=marker, capsize=3, label=label)
        for at, value in enumerate(middle):
            axes.annotate(f"{value:.0f}", (at, value), (0, 7), textcoords="offset points", ha="center", fontsize=8, color=colour)
    axes.set_xticks(range(len(names)), names)
    axes.set_xlabel(axis)
    axes.set_ylabel("processor ticks a frame")
    axes.set_ylim(bottom=0)
    axes.margins(y=0.15)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    axes.set_title(f"{table['title']}\n{machine['cpu']}, {machine['tick_ghz']} GHz, {machine['date'][:10]}", fontsize=9, loc="left")
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)


@click.command()
@click.argument("report", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def main(report: Path, folder: Path) -> None:
    """Draw a report's tables into a folder."""
    import matplotlib as mpl

    from bench import plot_vxlan

    mpl.use("svg")
    # The same report gives the same file.
    mpl.rcParams["svg.hashsalt"] = "dataplane"
    read = json.loads(report.read_text())
    folder.mkdir(parents=True, exist_ok=True)
    for title, axis, name in FIGURES:
        for table in read["tables"]:
            if table["title"].startswith(title):
                draw(table, axis, folder / name, read["machine"])
    plot_vxlan.draw(read, folder)


if __name__ == "__main__":
    main(prog_name="bench.plot")
