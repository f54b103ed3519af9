"""What a running lab weighs: memory of all its processes, idle CPU, and the time until 100 services are up.

`memory`, `idle` and `startup` each measure once; `table` shows all three; `python -m bench.footprint [--json FILE]` runs alone.
Needs root, or user namespaces and a TUN node that the user may open.
"""

from __future__ import annotations

import json
import os
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import click

from bench.table import Table
from dataplane.errors import UserError

SETTLE = 2.0
IDLE_SECONDS = 30.0
SERVICES = 100
ROUNDS = 3
GOAL_MIB, GOAL_CPU, GOAL_SECONDS = 120, 1.0, 10.0


@contextmanager
def running(services: int) -> Iterator[str]:
    """A lab of idle services on one bridge; its name."""
    from dataplane import compose, live

    name = f"bench-footprint-{os.getpid()}"
    # Without a way out: a benchmark changes nothing on this machine.
    text = {
        "name": name,
        "services": {f"s{n}": {"image": "host"} for n in range(services)},
        "x-dataplane": {"uplink": {"kind": "none"}},
    }
    topology = compose.load(text)
    try:
        live.up(topology, detach=True)
        yield name
    finally:
        live.down(name)


def processes(name: str) -> list[int]:
    """The lab process, its helper, its shims and all below them: whose command line names the lab, as forks inherit it."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if f"{name}\0".encode() in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
    return found


def pss(pid: int) -> int:
    """Octets of memory of a process, shared pages counted by their share (proc(5), smaps_rollup)."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"no Pss of process {pid}")


def cpu(pid: int) -> float:
    """Seconds of CPU that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory(services: int = 2) -> dict[str, Any]:
    """MiB (PSS) of each process of an idle lab, and in all."""
    with running(services) as name:
        time.sleep(SETTLE)
        each = sorted((pss(pid) / 2**20 for pid in processes(name)), reverse=True)
    return {"services": services, "processes": len(each), "mib": sum(each), "each": each}


def idle(services: int = 2, seconds: float = IDLE_SECONDS) -> dict[str, Any]:
    """Percent of one CPU that all processes of an idle lab use."""
    with running(services) as name:
        time.sleep(SETTLE)
        pids = processes(name)
        before, begun = sum(map(cpu, pids)), time.monotonic()
        time.sleep(seconds)
        used, took = sum(map(cpu, pids)) - before, time.monotonic() - begun
    return {"services": services, "seconds": took, "percent": 100 * used / took}


def startup(services: int = SERVICES, rounds: int = ROUNDS) -> dict[str, Any]:
    """Seconds from `up` until all services run, and of `down` until nothing is left; medians of rounds."""
    ups, downs = [], []
    for _ in range(rounds):
        begun = time.monotonic()
        with running(services):
            ups.append(time.monotonic() - begun)
            begun = time.monotonic()
        downs.append(time.monotonic() - begun)
    return {"services": services, "up": statistics.median(ups), "down": statistics.median(downs), "ups": ups, "downs": downs}


def table() -> Table:
    """The three figures and their goals; where no lab can be made, a note that says so."""
    shown = Table("A lab of idle services", ("what", "measured", "goal"))
    try:
        weight, rest, start = memory(), idle(), startup()
    except UserError as error:
        shown.notes.append(f"not run: {error.what}; {error.mend}")
        return shown
    shown.rows.append(
        (
            f"memory, {weight['services']} services: PSS of {weight['processes']} processes",
            f"{weight['mib']:.1f} MiB",
            f"≤ {GOAL_MIB} MiB",
        )
    )
    shown.rows.append(
        (f"CPU, {rest['services']} services, {rest['seconds']:.0f} s", f"{rest['percent']:.2f} %", f"< {GOAL_CPU:g} %")
    )
    shown.rows.append((f"up, {start['services']} services on one bridge", f"{start['up']:.2f} s", f"≤ {GOAL_SECONDS:g} s"))
    shown.rows.append((f"down, {start['services']} services", f"{start['down']:.2f} s", ""))
    shown.raw = {"memory": weight, "idle": rest, "startup": start}
    return shown


@click.command()
@click.option("--json", "json_file", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path))
def main(json_file: Path | None) -> None:
    """Memory and idle CPU of a small lab, and how fast a large one is up."""
    from rich.console import Console

    result = table()
    result.show(Console())
    if json_file:
        json_file.write_text(json.dumps(result.data(), indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main(prog_name="bench.footprint")
