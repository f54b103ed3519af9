"""``dataplane neighbors``."""

from __future__ import annotations

import click

from dataplane.cli import whose
from dataplane.cli.options import as_json, lab_or_daemon
from dataplane.cli.output import print_json, print_table

COLUMNS = {"ADDRESS": "left", "MAC": "left", "INTERFACE": "left", "STATE": "left"}


@click.command()
@lab_or_daemon
@as_json
def command(lab: str | None, daemon: bool, as_json: bool) -> None:
    """Show the stations that the gateway knows.

    They are learned by ARP and neighbor discovery when a packet is for them; permanent ones are given.
    """
    rows = whose.tables(lab, daemon=daemon).neighbors()
    if as_json:
        print_json(rows)
        return
    cells = ((row["address"], row["mac"], row["interface"], row["state"]) for row in rows)
    print_table(COLUMNS, cells, nothing="The gateway knows no station.")
