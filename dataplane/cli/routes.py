"""``dataplane routes``."""

from __future__ import annotations

import click

from dataplane.cli import whose
from dataplane.cli.options import as_json, lab_or_daemon
from dataplane.cli.output import print_json, print_table

COLUMNS = {"DESTINATION": "left", "GATEWAY": "left", "INTERFACE": "left"}
FOR = {"FOR": "left"}
"""Where a network has an uplink of its own: the only one that the route is for."""


@click.command()
@lab_or_daemon
@as_json
def command(lab: str | None, daemon: bool, as_json: bool) -> None:
    """Show where the gateway sends packets.

    INTERFACE is a network, or an uplink. Without a GATEWAY the destination is on the interface's own network.
    FOR, where a network has an uplink of its own, is the one that the route is for.
    """
    rows = whose.tables(lab, daemon=daemon).routes()
    if as_json:
        print_json(rows)
        return
    several = any(row["network"] for row in rows)
    cells = [(row["destination"], row["gateway"], row["interface"], *((row["network"],) if several else ())) for row in rows]
    print_table(COLUMNS | (FOR if several else {}), cells, nothing="There is no gateway.")
