"""Live: what two namespaces get out of the switch between them. ``python -m bench.live --help``.

    TCP    one stream of iperf3, received, for so many seconds
    UDP    datagrams of 18 octets (frames of 64 with FCS) as fast as iperf3 sends them; those received, per second
    RTT    ping -A (the next when the last is answered; the answer comes from the kernel), 2,000 each; resolution 1 us

Every switch runs all the time, idle but in its turn; every round measures each once, in an order that changes from round to
round, because the machine's other guests come and go. A figure is the median of the rounds, with quartiles.
"""

from __future__ import annotations

import json
import os
import platform
import random
import re
import signal
import statistics
import sys
import time
from collections.abc import Iterable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from bench.namespaces import Namespaces
from bench.switches import SWITCHES, Switch
from bench.table import Table

TARGET = "10.0.0.2"
PINGS = 2000
ROUNDS = 9
SECONDS = 2.0
# Title and digits shown.
FIGURES = {
    "tcp": ("live: TCP, one stream, Mbit/s", 0),
    "udp": ("live: UDP, frames of 64 octets, 1,000/s", 1),
    "p50": ("live: round trip, median, us", 1),
    "p99": ("live: round trip, 99 %, us", 1),
    "cpu": ("live: processor seconds of the switch per second of TCP", 2),
}


def iperf(switch: Switch, *words: str) -> dict[str, Any]:
    """One run of iperf3 from a to b: its report's `end`."""
    server = switch.b.start("iperf3", "-s", "-1", "--forceflush")
    try:
        for line in server.stdout or ():
            if "listening" in line:
                break
        end: dict[str, Any] = json.loads(switch.a.run("iperf3", "-J", "-c", TARGET, *words))["end"]
    finally:
        switch.b.end(server)
    return end


def measure(switch: Switch, seconds: float) -> dict[str, float]:
    """One round of one switch."""
    before = switch.processor_seconds()
    began = time.monotonic()
    figures = {"tcp": iperf(switch, "-t", str(seconds))["sum_received"]["bits_per_second"] / 1e6}
    if before is not None:
        figures["cpu"] = ((switch.processor_seconds() or before) - before) / (time.monotonic() - began)
    datagrams = iperf(switch, "-u", "-l", "18", "-b", "0", "-t", str(seconds))["sum"]
    figures["udp"] = (datagrams["packets"] - datagrams["lost_packets"]) / datagrams["seconds"] / 1e3
    answers = switch.a.run("ping", "-A", "-c", str(PINGS), "-w", "10", TARGET)
    times = sorted(float(found) * 1e3 for found in re.findall(r"time=([0-9.]+) ms", answers))
    figures["p50"] = times[len(times) // 2]
    figures["p99"] = times[len(times) * 99 // 100]
    return figures


def quartiles(values: list[float]) -> tuple[float, float, float]:
    """Lower quartile, median, upper quartile."""
    if len(values) < 2:
        return values[0], values[0], values[0]
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return low, middle, high


def run(rounds: int = ROUNDS, seconds: float = SECONDS, cases: Iterable[str] = tuple(SWITCHES)) -> dict[str, Any]:
    """Measure the cases (keys of SWITCHES) side by side; root only.

    Returns the machine, `left_out` (case: why), `figures` (case: figure: low, median, high, ratios to the bare loop and the kernel)
    and `samples` (case: figure: one number a round).
    """
    left_out = {case: why for case in cases if (why := SWITCHES[case].missing())}
    names = [case for case in cases if case not in left_out]
    samples: dict[str, dict[str, list[float]]] = {case: {} for case in names}
    shuffle = random.Random(1)
    with ExitStack() as stack:
        spaces = stack.enter_context(Namespaces("bench"))
        switches: dict[str, Switch] = {}
        for case in names:
            switches[case] = SWITCHES[case](spaces, case)
            stack.callback(switches[case].stop)
            switches[case].start()
            switches[case].a.run("ping", "-q", "-c", "3", "-i", "0.2", TARGET)
        order = list(names)
        for _ in range(rounds):
            shuffle.shuffle(order)
            for case in order:
                for figure, value in measure(switches[case], seconds).items():
                    samples[case].setdefault(figure, []).append(value)
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "kernel": platform.release(),
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0],
        "rounds": rounds,
        "seconds": seconds,
        "left_out": left_out,
        "figures": summary(samples),
        "samples": samples,
    }


def summary(samples: dict[str, dict[str, list[float]]]) -> dict[str, dict[str, dict[str, float]]]:
    """Medians and quartiles; ratios are medians of the rounds' own, so that what disturbed both cancels."""
    figures: dict[str, dict[str, dict[str, float]]] = {}
    for case, measured in samples.items():
        figures[case] = {}
        for figure, values in measured.items():
            low, middle, high = quartiles(values)
            figures[case][figure] = {"low": low, "median": middle, "high": high}
            for other in ("bare", "kernel"):
                beside = samples.get(other, {}).get(figure)
                if beside:
                    ratios = [ours / theirs for ours, theirs in zip(values, beside, strict=True)]
                    figures[case][figure][f"to_{other}"] = statistics.median(ratios)
    return figures


def tables(result: dict[str, Any]) -> list[Table]:
    """A table for each figure: medians, quartiles, and ratios, which are medians of the rounds' own."""
    shown = []
    for figure, (title, digits) in FIGURES.items():
        table = Table(title, ("switch", "median", "quartiles", "x bare loop", "x kernel"))
        for case, figures in result["figures"].items():
            if figure not in figures:
                continue
            numbers = figures[figure]
            ratios = [f"{numbers[key]:.2f}" if key in numbers else "" for key in ("to_bare", "to_kernel")]
            spread = f"{numbers['low']:.{digits}f}–{numbers['high']:.{digits}f}"
            table.rows.append((SWITCHES[case].title, f"{numbers['median']:.{digits}f}", spread, *ratios))
            table.raw[case] = result["samples"][case][figure]
        shown.append(table)
    shown[-1].notes += [f"left out: {SWITCHES[case].title}: {why}" for case, why in result["left_out"].items()]
    shown[-1].notes.append(
        f"{result['rounds']} interleaved rounds, TCP and UDP {result['seconds']:g} s each, {PINGS} pings; "
        f"Linux {result['kernel']}, {result['cores']} cores, load {result['load']:.1f}, {result['date']}"
    )
    return shown


@click.command()
@click.argument("case", nargs=-1, type=click.Choice(list(SWITCHES)))
@click.option("--rounds", type=click.IntRange(1), default=ROUNDS, show_default=True)
@click.option("--seconds", type=click.FloatRange(0.1), default=SECONDS, show_default=True, help="Of each TCP and UDP transfer.")
@click.option("--json", "json_file", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path))
def main(case: tuple[str, ...], rounds: int, seconds: float, json_file: Path | None) -> None:
    """Measure switches between two namespaces, side by side: those named, or all."""
    # So that namespaces and switches are removed.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    result = run(rounds, seconds, case or tuple(SWITCHES))
    console = Console()
    for table in tables(result):
        table.show(console)
    if json_file:
        json_file.parent.mkdir(parents=True, exist_ok=True)
        json_file.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main(prog_name="bench.live")
