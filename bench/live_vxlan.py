"""Live, container to container through an overlay of two hosts. ``python -m bench.live_vxlan --help``.

As `bench.live`. In a round each case is measured once: TCP both ways (iperf3, one stream), round trips, and how busy the machine
was for each gigabit that arrived, all processes and the kernel counted; that says something where nothing else runs.
"""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import Any

import click

from bench import live
from bench.overlay_ends import OVERLAYS, machine_seconds
from bench.switches import TARGET, Switch
from bench.table import Table

ROUNDS, SECONDS = 7, live.SECONDS
FIGURES = {
    "out": ("VXLAN: TCP, one stream, Mbit/s", 0),
    "back": ("VXLAN: TCP the other way, Mbit/s", 0),
    "p50": ("VXLAN: round trip, median, us", 1),
    "p99": ("VXLAN: round trip, 99 %, us", 1),
    "cpu": ("VXLAN: processor seconds of the machine per Gbit of TCP", 3),
}


def measure(overlay: Switch, seconds: float) -> dict[str, float]:
    """One round of one case."""
    before = machine_seconds()
    out = live.iperf(overlay.a, overlay.b, "-t", live.whole(seconds))["sum_received"]
    spent = machine_seconds() - before
    figures = {"out": out["bits_per_second"] / 1e6, "cpu": spent / (out["bytes"] * 8e-9)}
    back = live.iperf(overlay.b, overlay.a, "-t", live.whole(seconds), target=overlay.published)
    figures["back"] = back["sum_received"]["bits_per_second"] / 1e6
    figures["p50"], figures["p99"] = live.round_trips(overlay.a, TARGET)
    return figures


def run(rounds: int = ROUNDS, seconds: float = SECONDS, cases: tuple[str, ...] = ()) -> dict[str, Any]:
    """Measure these (keys of OVERLAYS; none: all) side by side; root only. As `bench.live.run`."""
    return live.run(rounds, seconds, cases or None, switches=OVERLAYS, figures_of=measure)


def tables(result: dict[str, Any]) -> list[Table]:
    """A table for each figure."""
    return live.tables(result, OVERLAYS, FIGURES)


@click.command()
@click.argument("case", nargs=-1, type=click.Choice(list(OVERLAYS)))
@click.option("--rounds", type=click.IntRange(1), default=ROUNDS, show_default=True)
@click.option("--seconds", type=click.IntRange(1), default=int(SECONDS), show_default=True, help="Of each transfer.")
@click.option("--json", "json_file", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path))
def main(case: tuple[str, ...], rounds: int, seconds: int, json_file: Path | None) -> None:
    """Measure overlays between two containers, side by side: those named, or all."""
    # So that namespaces and hosts are removed.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    result = run(rounds, seconds, case)
    live.tell(result, tables(result), json_file)


if __name__ == "__main__":
    main(prog_name="bench.live_vxlan")
