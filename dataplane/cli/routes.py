"""``dataplane routes``."""

from __future__ import annotations

import click

from dataplane.cli.options import as_json, one_lab
from dataplane.cli.output import print_json, print_table

COLUMNS = {"DESTINATION": "left", "GATEWAY": "left", "INTERFACE": "left"}
FOR = {"FOR": "left"}
"""Where a network has an uplink of its own: the only one that the route is for."""


@click.command()
@one_lab
@as_json
def command(lab: str | None, as_json: bool) -> None:
    """Show where a lab's gateway sends packets.

    INTERFACE is a network of the lab, or an uplink. Without a GATEWAY the destination is on the interface's own network.
    FOR, where a network has an uplink of its own, is the one that the route is for.
    """
    from dataplane import live

    with live.find(lab=lab) as client:
        rows = client.routes()
    if as_json:
        print_json(rows)
        return
    several = any(row["network"] for row in rows)
    cells = [(row["destination"], row["gateway"], row["interface"], *((row["network"],) if several else ())) for row in rows]
    print_table(COLUMNS | (FOR if several else {}), cells, nothing="This lab has no gateway.")
