"""Live: what two namespaces get out of the switch between them. ``python -m bench.live --help``.

    TCP    one stream of iperf3, received, for so many seconds
    UDP    datagrams of 18 octets (frames of 64 with FCS) as fast as iperf3 sends them; those received, per second
    RTT    ping -A (the next when the last is answered; the answer comes from the kernel), 2,000 each; resolution 1 us

Every switch runs all the time, idle but in its turn; every round measures each once, in an order that changes from round to
round, because the machine's other guests come and go. A figure is the median of the rounds, with quartiles.
"""

from __future__ import annotations

import json
import math
import os
import platform
import random
import re
import signal
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from bench.namespaces import Namespace, Namespaces
from bench.switches import SWITCHES, TARGET, Switch
from bench.table import Table

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


@contextmanager
def serving(space: Namespace, *words: str) -> Iterator[None]:
    """A server that says that it is listening, for as long as the block lasts."""
    server = space.start(*words)
    try:
        for line in server.stdout or ():
            if "listening" in line:
                break
        yield
    finally:
        space.end(server)


def iperf(client: Namespace, server: Namespace, *words: str, target: str = TARGET) -> dict[str, Any]:
    """One run of iperf3: its report's `end`. Its -t is a whole number; 0, and what is cut to it, would be for ever."""
    with serving(server, "iperf3", "-s", "-1", "--forceflush"):
        end: dict[str, Any] = json.loads(client.run("iperf3", "-J", "-c", target, *words))["end"]
    return end


def whole(seconds: float) -> str:
    """Seconds for iperf3, one at least."""
    return str(max(1, math.ceil(seconds)))


def tcp(
    switch: Switch, client: Namespace, server: Namespace, seconds: float, *, target: str = TARGET
) -> tuple[float, float | None]:
    """One stream: Mbit/s received, and the processor seconds that the switch used per second."""
    before = switch.processor_seconds()
    began = time.monotonic()
    rate = iperf(client, server, "-t", whole(seconds), target=target)["sum_received"]["bits_per_second"] / 1e6
    if before is None:
        return rate, None
    return rate, ((switch.processor_seconds() or before) - before) / (time.monotonic() - began)


def round_trips(space: Namespace, target: str) -> tuple[float, float]:
    """Median and 99th percentile in microseconds."""
    answers = space.run("ping", "-A", "-c", str(PINGS), "-w", "10", target)
    times = sorted(float(found) * 1e3 for found in re.findall(r"time=([0-9.]+) ms", answers))
    return times[len(times) // 2], times[len(times) * 99 // 100]


def measure(switch: Switch, seconds: float) -> dict[str, float]:
    """One round of one switch."""
    rate, cpu = tcp(switch, switch.a, switch.b, seconds)
    figures = {"tcp": rate}
    if cpu is not None:
        figures["cpu"] = cpu
    datagrams = iperf(switch.a, switch.b, "-u", "-l", "18", "-b", "0", "-t", whole(seconds))["sum"]
    figures["udp"] = (datagrams["packets"] - datagrams["lost_packets"]) / datagrams["seconds"] / 1e3
    figures["p50"], figures["p99"] = round_trips(switch.a, TARGET)
    return figures


def quartiles(values: list[float]) -> tuple[float, float, float]:
    """Lower quartile, median, upper quartile."""
    if len(values) < 2:
        return values[0], values[0], values[0]
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return low, middle, high


def run(
    rounds: int = ROUNDS,
    seconds: float = SECONDS,
    cases: Iterable[str] | None = None,
    *,
    switches: Mapping[str, type[Switch]] = SWITCHES,
    figures_of: Callable[[Switch, float], dict[str, float]] = measure,
) -> dict[str, Any]:
    """Measure the cases (keys of `switches`; None: all) side by side; root only.

    Returns the machine, `left_out` (case: why), `figures` (case: figure: low, median, high, ratios to the bare loop and the kernel)
    and `samples` (case: figure: one number a round).
    """
    wanted = tuple(switches if cases is None else cases)
    left_out = {case: why for case in wanted if (why := switches[case].missing())}
    names = [case for case in wanted if case not in left_out]
    samples: dict[str, dict[str, list[float]]] = {case: {} for case in names}
    shuffle = random.Random(1)
    with ExitStack() as stack:
        spaces = stack.enter_context(Namespaces("bench"))
        running: dict[str, Switch] = {}
        for case in names:
            running[case] = switch = switches[case](spaces, case)
            stack.callback(switch.stop)
            switch.start()
            switch.a.run("ping", "-q", "-c", "3", "-i", "0.2", switch.world)
        order = list(names)
        for _ in range(rounds):
            shuffle.shuffle(order)
            for case in order:
                for figure, value in figures_of(running[case], seconds).items():
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


def tables(
    result: dict[str, Any], switches: Mapping[str, type[Switch]] = SWITCHES, titles: Mapping[str, tuple[str, int]] = FIGURES
) -> list[Table]:
    """A table for each figure: medians, quartiles, and ratios, which are medians of the rounds' own."""
    shown = []
    for figure, (title, digits) in titles.items():
        table = Table(title, ("switch", "median", "quartiles", "x bare loop", "x kernel"))
        for case, figures in result["figures"].items():
            if figure not in figures:
                continue
            numbers = figures[figure]
            ratios = [f"{numbers[key]:.2f}" if key in numbers else "" for key in ("to_bare", "to_kernel")]
            spread = f"{numbers['low']:.{digits}f}–{numbers['high']:.{digits}f}"
            table.rows.append((switches[case].title, f"{numbers['median']:.{digits}f}", spread, *ratios))
            table.raw[case] = result["samples"][case][figure]
        shown.append(table)
    shown[-1].notes += [f"left out: {switches[case].title}: {why}" for case, why in result["left_out"].items()]
    shown[-1].notes.append(
        f"{result['rounds']} interleaved rounds, transfers of {result['seconds']:g} s, {PINGS} pings; "
        f"Linux {result['kernel']}, {result['cores']} cores, load {result['load']:.1f}, {result['date']}"
    )
    return shown


def tell(result: dict[str, Any], shown: Iterable[Table], json_file: Path | None) -> None:
    """Print the tables, and write the result where it is wanted."""
    console = Console()
    for table in shown:
        table.show(console)
    if json_file:
        json_file.parent.mkdir(parents=True, exist_ok=True)
        json_file.write_text(json.dumps(result, indent=1) + "\n")


@dataclass(frozen=True)
class Comparison:
    """Switches of a kind, what is measured of one in a round, and how the figures are called and shown."""

    switches: Mapping[str, type[Switch]]
    figures: Mapping[str, tuple[str, int]]
    measure: Callable[[Switch, float], dict[str, float]]
    rounds: int = ROUNDS

    def run(self, rounds: int = 0, seconds: float = SECONDS, cases: tuple[str, ...] = ()) -> dict[str, Any]:
        """These side by side (keys of `switches`; none: all); root only. `rounds` 0: as many as are usual. As `run`."""
        return run(rounds or self.rounds, seconds, cases or None, switches=self.switches, figures_of=self.measure)

    def tables(self, result: dict[str, Any]) -> list[Table]:
        """A table for each figure."""
        return tables(result, self.switches, self.figures)

    def command(self, what: str) -> click.Command:
        """The command that measures them. `what`: its help."""

        def main(case: tuple[str, ...], rounds: int, seconds: int, json_file: Path | None) -> None:
            # So that namespaces and switches are removed.
            signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
            result = self.run(rounds, seconds, case)
            tell(result, self.tables(result), json_file)

        options = (
            click.argument("case", nargs=-1, type=click.Choice(list(self.switches))),
            click.option("--rounds", type=click.IntRange(1), default=self.rounds, show_default=True),
            click.option("--seconds", type=click.IntRange(1), default=int(SECONDS), show_default=True, help="Of each transfer."),
            click.option("--json", "json_file", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path)),
        )
        for option in reversed(options):
            main = option(main)
        return click.command(help=what)(main)


main = Comparison(SWITCHES, FIGURES, measure).command("Measure switches between two namespaces, side by side: those named, or all.")


if __name__ == "__main__":
    main(prog_name="bench.live")
