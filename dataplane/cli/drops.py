"""``dataplane drops``."""

from __future__ import annotations

import click

from dataplane.cli.options import as_json, one_lab
from dataplane.cli.output import print_json, print_table

COLUMNS = {"BY": "left", "AT": "left", "FRAMES": "right", "REASON": "left", "WHICH MEANS": "left"}


@click.command()
@one_lab
@as_json
def command(lab: str | None, as_json: bool) -> None:
    """Say which frames were dropped, and why.

    Each drop is counted twice: by the node that dropped it, and by the port that it came in at.
    """
    from dataplane import live

    with live.find(lab=lab) as client:
        rows = client.drops()
    if as_json:
        print_json(rows)
        return
    cells = ((row["scope"], row["where"], row["frames"], row["reason"], row["sentence"]) for row in rows)
    print_table(COLUMNS, cells, nothing="No frame was dropped.")
