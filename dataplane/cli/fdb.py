"""``dataplane fdb``."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from dataplane.cli import whose
from dataplane.cli.candidates import completer, networks
from dataplane.cli.options import as_json, lab_or_daemon
from dataplane.cli.output import Columns, Row, print_json, print_table, styled
from dataplane.cli.units import seconds

if TYPE_CHECKING:
    from dataplane.looking.rows import FdbRow

COLUMNS: Columns = {"STATION": "left", "PORT": "left", "AGE": "right", "KIND": "left"}
COLOURS = {"learned": "green", "moved": "yellow", "gone": "red"}


@click.command()
@lab_or_daemon
@click.option("-w", "--watch", is_flag=True, help="Then each change as it happens, until Ctrl-C.")
@as_json
@click.argument("network", shell_complete=completer(networks))
def command(lab: str | None, daemon: bool, watch: bool, as_json: bool, network: str) -> None:
    """Show the stations that a bridge has learned.

    AGE is the time since the station last sent a frame; after the network's ageing time (300 seconds, unless its driver_opts say
    otherwise) it is forgotten, and frames to it are flooded.
    """
    client = whose.tables(lab, daemon=daemon)
    if not watch:
        rows = client.fdb(network)
        if as_json:
            print_json(rows)
        else:
            print_table(COLUMNS, map(cells, rows), nothing=f"The bridge of {network} knows no station.")
        return
    for row in client.watch_fdb(network):
        if as_json:
            print_json(row)
        else:
            _say(row)


def cells(row: FdbRow) -> Row:
    """A row of the table."""
    return row["mac"], row["port"], seconds(row["age"]), "static" if row["static"] else "learned"


def _say(row: FdbRow) -> None:
    event = styled(f"{row['event']:7}", fg=COLOURS.get(row["event"]))
    click.echo(f"{time.strftime('%H:%M:%S')}  {event}  {row['mac']}  {row['port']}")
