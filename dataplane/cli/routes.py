"""``dataplane routes``."""

from __future__ import annotations

import click

from dataplane.cli.options import as_json, one_lab
from dataplane.cli.output import print_json, print_table

COLUMNS = {"DESTINATION": "left", "GATEWAY": "left", "INTERFACE": "left"}


@click.command()
@one_lab
@as_json
def command(lab: str | None, as_json: bool) -> None:
    """Show where a lab's gateway sends packets.

    INTERFACE is a network of the lab, or uplink. Without a GATEWAY the destination is on the interface's own network.
    """
    from dataplane import live

    with live.find(lab=lab) as client:
        rows = client.routes()
    if as_json:
        print_json(rows)
        return
    cells = ((row["destination"], row["gateway"], row["interface"]) for row in rows)
    print_table(COLUMNS, cells, nothing="This lab has no gateway.")
