"""``dataplane drops``."""

from __future__ import annotations

import click

from dataplane.cli import whose
from dataplane.cli.options import as_json, lab_or_daemon
from dataplane.cli.output import print_json, print_table

COLUMNS = {"AT": "left", "FRAMES": "right", "REASON": "left", "WHICH MEANS": "left"}
OTHER = {"node": "port", "port": "node"}


@click.command()
@click.option(
    "--by", type=click.Choice(tuple(OTHER)), help="The node that dropped them (default), or the port that they came in at."
)
@lab_or_daemon
@as_json
def command(by: str | None, lab: str | None, daemon: bool, as_json: bool) -> None:
    """Say which frames were dropped, and why.

    Each drop is known twice: by the node that dropped it, and by the port that it came in at. So the two are not to be added up,
    and a table has one of them; JSON has both unless --by says which.
    """
    rows = whose.tables(lab, daemon=daemon).drops()
    scope = by or "node"
    wanted = [row for row in rows if row["scope"] == scope]
    if as_json:
        print_json(wanted if by else rows)
        return
    cells = ((row["where"], row["frames"], row["reason"], row["sentence"]) for row in wanted)
    print_table(COLUMNS, cells, nothing="No frame was dropped.")
    if wanted:
        total = sum(row["frames"] for row in wanted)
        frames = "frame" if total == 1 else "frames"
        click.echo(f"\n{total} {frames} in all, by {scope}; --by {OTHER[scope]} has the same by {OTHER[scope]}")
