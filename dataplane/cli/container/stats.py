"""``dataplane stats`` of a daemon."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import click

from dataplane.cli.candidates import completer
from dataplane.cli.daemon_names import running
from dataplane.cli.listing import FORMAT, listing
from dataplane.cli.said import Said, refused
from dataplane.cli.stats import show
from dataplane.cli.verb import Failure, Verb, words
from dataplane.client import Daemon, Refusal
from dataplane.client.daemon import quoted
from dataplane.client.tables import DaemonTables
from dataplane.gotemplate import Row

DEFAULT = "table {{.ID}}\t{{.Name}}\t{{.CPUPerc}}\t{{.MemUsage}}\t{{.MemPerc}}\t{{.NetIO}}\t{{.BlockIO}}\t{{.PIDs}}"
HEADINGS = {
    "Container": "CONTAINER",
    "ID": "CONTAINER ID",
    "Name": "NAME",
    "CPUPerc": "CPU %",
    "MemUsage": "MEM USAGE / LIMIT",
    "MemPerc": "MEM %",
    "NetIO": "NET I/O",
    "BlockIO": "BLOCK I/O",
    "PIDs": "PIDS",
}
AT_ONCE = 256
"""Containers that are asked about side by side."""
BINARY, DECIMAL = ("B", "KiB", "MiB", "GiB", "TiB", "PiB"), ("B", "kB", "MB", "GB", "TB", "PB")


@click.command(cls=Verb)
@click.option("-a", "--all", "everything", is_flag=True, help="Also those that do not run.")
@click.option("--format", "layout", metavar="string", help=FORMAT)
@click.option("--no-stream", is_flag=True, help="Once, instead of again and again.")
@click.option("--no-trunc", is_flag=True, help="Cut nothing short.")
@click.option("--ports", is_flag=True, help="Frames and octets of each port of the engine instead, and those lost.")
@click.option("--json", "as_json", is_flag=True, help="With --ports: print JSON, for programs.")
@words("[CONTAINER...]", shell_complete=completer(running))
def command(
    *, everything: bool, layout: str | None, no_stream: bool, no_trunc: bool, ports: bool, as_json: bool, words: tuple[str, ...]
) -> None:
    """Show what containers use: CPU, memory, network."""
    if ports:
        show(DaemonTables(), watch=not no_stream, as_json=as_json, names=words)
        return
    if as_json:
        raise Failure("--json is of --ports\n  mend:  write --format json")
    text = DEFAULT if layout in {None, "", "table"} else str(layout)
    daemon = Daemon.at()
    while True:
        names = list(words) or [one["Id"] for one in daemon.ask("GET", "/containers/json", query={"all": everything or None})]
        rows = rows_of(daemon, names, whole=no_trunc)
        page = listing(rows, text, headings=HEADINGS)
        if no_stream:
            click.echo(page, nl=False)
            return
        # Home; each line clears its own rest, the last all below: nothing flickers.
        click.echo("\x1b[H" + page.replace("\n", "\x1b[K\n") + "\x1b[J" if sys.stdout.isatty() else page, nl=False)


def rows_of(daemon: Daemon, names: Sequence[str], *, whole: bool) -> list[Row]:
    """One a container, in order. Asked side by side: the daemon looks twice at each, a second apart."""

    def ask(name: str) -> Row:
        return row(name, daemon.ask("GET", f"/containers/{quoted(name)}/stats", query={"stream": False}), whole=whole)

    if not names:
        return []
    with ThreadPoolExecutor(min(len(names), AT_ONCE)) as asking:
        try:
            return list(asking.map(ask, names))
        except Refusal as refusal:
            raise Said(refused(refusal)) from None


def row(name: str, found: Mapping[str, Any], *, whole: bool) -> Row:
    """A container as templates see it."""
    memory = found.get("memory_stats") or {}
    used, limit = memory.get("usage", 0), memory.get("limit", 0)
    networks = (found.get("networks") or {}).values()
    ident = found.get("id", "")
    fields = {
        "Container": name,
        "ID": ident if whole else ident[:12],
        "Name": str(found.get("name", "")).removeprefix("/"),
        "CPUPerc": f"{cpu_percent(found):.2f}%",
        "MemUsage": f"{size(used, 1024, BINARY)} / {size(limit, 1024, BINARY)}",
        "MemPerc": f"{100 * used / limit if limit else 0:.2f}%",
        "NetIO": " / ".join(size(sum(one[key] for one in networks), 1000, DECIMAL) for key in ("rx_bytes", "tx_bytes")),
        "BlockIO": "0B / 0B",
        "PIDs": str((found.get("pids_stats") or {}).get("current", 0)),
    }
    return Row("*container.statsContext", fields)


def cpu_percent(found: Mapping[str, Any]) -> float:
    """Of one CPU; 200 where two are busy."""
    now, before = found.get("cpu_stats") or {}, found.get("precpu_stats") or {}
    used = (now.get("cpu_usage") or {}).get("total_usage", 0) - (before.get("cpu_usage") or {}).get("total_usage", 0)
    passed = now.get("system_cpu_usage", 0) - before.get("system_cpu_usage", 0)
    return 100 * used / passed * (now.get("online_cpus") or 1) if used > 0 and passed > 0 else 0.0


def size(number: float, step: int, units: tuple[str, ...]) -> str:
    """Four digits at most and no blank: ``1.504MiB``, ``876B`` (go-units)."""
    place = 0
    while number >= step and place < len(units) - 1:
        number, place = number / step, place + 1
    return f"{number:.4g}{units[place]}" if step == 1024 else f"{number:.3g}{units[place]}"
