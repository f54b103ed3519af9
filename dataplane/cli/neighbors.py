"""``dataplane neighbors``."""

from __future__ import annotations

import click

from dataplane.cli.options import as_json, one_lab
from dataplane.cli.output import print_json, print_table

COLUMNS = {"ADDRESS": "left", "MAC": "left", "INTERFACE": "left", "STATE": "left"}


@click.command()
@one_lab
@as_json
def command(lab: str | None, as_json: bool) -> None:
    """Show the stations that a lab's gateway knows.

    They are learned by ARP and neighbor discovery when a packet is for them; permanent ones are written in the file.
    """
    from dataplane import live

    with live.find(lab=lab) as client:
        rows = client.neighbors()
    if as_json:
        print_json(rows)
        return
    cells = ((row["address"], row["mac"], row["interface"], row["state"]) for row in rows)
    print_table(COLUMNS, cells, nothing="The gateway knows no station.")
