"""``dataplane ps``."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, TypedDict

import click

from dataplane.cli.candidates import completer, running_labs
from dataplane.cli.options import as_json
from dataplane.cli.output import Row, Styled, print_json, print_table
from dataplane.cli.units import seconds
from dataplane.errors import UserError

if TYPE_CHECKING:
    from dataplane.live.lookup import LabInfo
    from dataplane.live.rows import InstanceRow

COLUMNS = {"SERVICE": "left", "STATE": "left", "NETWORK": "left", "INTERFACE": "left", "ADDRESS": "left", "COMMAND": "cut"}
COLOURS = {"running": "green", "idle": "green", "failed": "red", "exited": "red", "waiting": "yellow", "restarting": "yellow"}


class LabLine(TypedDict):
    """One lab in ``ps --json``. ``pid``, ``seed`` None: its process died. ``started``: ns since 1970.

    ``engine``: running, or why not.
    """

    lab: str
    source: str
    pid: int | None
    started: int
    seed: int | None
    engine: str
    services: list[InstanceRow]


@click.command()
@click.option("--lab", metavar="NAME", shell_complete=completer(running_labs), help="This lab only.")
@as_json
def command(lab: str | None, as_json: bool) -> None:
    """List labs and their services.

    A lab whose process was killed is listed too: `dataplane down --lab NAME` removes what is left of it.
    """
    from dataplane import live
    from dataplane.live import lookup

    known = live.labs()
    chosen = [one for one in known if lab in {None, one.name}]
    if lab is not None and not chosen:
        names = ", ".join(one.name for one in known)
        raise UserError(f"there is no lab {lab}", mend=f"labs: {names}" if names else lookup.START, status=1)
    rows = [_row(one) for one in chosen]
    if as_json:
        print_json(rows)
        return
    if not rows:
        click.echo("No lab runs. `dataplane up -d FILE` starts one; `dataplane daemon` has containers without a file.")
    for number, row in enumerate(rows):
        click.echo(("\n" if number else "") + _heading(row))
        if row["pid"] is not None:
            print_table(COLUMNS, (line for service in row["services"] for line in lines(service)), nothing="(no services)")


def _row(lab: LabInfo) -> LabLine:
    from dataplane.live.client import Client

    line: LabLine = {
        "lab": lab.name,
        "source": lab.source,
        "pid": lab.pid,
        "started": lab.started,
        "seed": None,
        "engine": "its process died",
        "services": [],
    }
    if lab.running:
        client = Client(lab.folder)
        about = client.lab()
        line |= {"seed": about["seed"], "engine": about["engine"], "services": client.ps()}
    return line


def _heading(row: LabLine) -> str:
    if row["pid"] is None:
        return f"Lab {row['lab']} died: `dataplane down --lab {row['lab']}` removes what is left of it."
    engine = "" if row["engine"] == "running" else f"; its engine stopped: {row['engine']}"
    return f"Lab {row['lab']}, up {_since(row['started'])}, seed {row['seed']}, from {row['source'] or 'a text'}{engine}"


def lines(row: InstanceRow) -> Iterator[Row]:
    """A line for each interface of a service, its name and state on the first."""
    state = state_of(row)
    first: tuple[object, ...] = (row["name"], Styled(state, COLOURS.get(state.split(" ")[0].rstrip(":"), "")))
    last = " ".join(row["command"])
    if not row["endpoints"]:
        yield (*first, "", "", row["network_mode"], last)
    for number, endpoint in enumerate(row["endpoints"]):
        head = ("", "") if number else first
        address = "\n".join(filter(None, (endpoint["ipv4"], endpoint["ipv6"])))
        interface = endpoint["interface"] + ("" if endpoint["state"] == "up" else f" ({endpoint['state']})")
        yield (*head, endpoint["network"], interface, address, "" if number else last)


def state_of(row: InstanceRow) -> str:
    """``running 3 min (healthy)``, ``idle``, ``exited 1, 5 s ago``, ``waiting: db is not healthy yet``."""
    state = row["state"]
    if state == "running":
        health = f" ({row['health']})" if row["health"] else ""
        return f"{'idle' if row['idle'] else 'running'} {_since(row['started'] or 0)}{health}"
    if state == "exited" and row["finished"] is not None:
        return f"exited {row['exit']}, {_since(row['finished'])} ago"
    return f"{state}: {row['why']}" if row["why"] else state


def _since(begin_ns: int) -> str:
    return seconds(max(0.0, (time.time_ns() - begin_ns) / 1e9))
