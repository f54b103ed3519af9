"""``dataplane nat``."""

from __future__ import annotations

import click

from dataplane.cli.options import as_json, one_lab
from dataplane.cli.output import print_json, print_table

COLUMNS = {"KIND": "left", "PROTOCOL": "left", "INSIDE": "left", "OUTSIDE": "left", "FLOWS": "right"}


@click.command()
@one_lab
@as_json
def command(lab: str | None, as_json: bool) -> None:
    """Show which addresses are being translated.

    snat: what INSIDE sends leaves as OUTSIDE. dnat: what comes to OUTSIDE goes to INSIDE. `dataplane conntrack` shows each flow.
    """
    from dataplane import live

    with live.find(lab=lab) as client:
        rows = client.nat()
    if as_json:
        print_json(rows)
        return
    cells = ((row["kind"], row["protocol"], row["inside"], row["outside"], row["flows"]) for row in rows)
    print_table(COLUMNS, cells, nothing="Nothing is being translated.")
