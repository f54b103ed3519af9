"""What ``up`` and ``down`` do, while they do it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from dataplane.cli.output import coloured

if TYPE_CHECKING:
    from dataplane.live.rows import EventRow, StepRow


def print_step(row: StepRow) -> None:
    """A step with its command below it, a change as a line of a difference, a warning on stderr."""
    if row["kind"] == "warning":
        click.echo(f"warning: {row['what']}", err=True)
    elif row["kind"] == "change":
        colour = {"+": "green", "-": "red", "~": "yellow"}.get(row["what"][:1])
        click.echo(click.style(row["what"], fg=colour) if coloured() else row["what"])
    else:
        click.echo(f"· {row['what']}")
        if row["by_hand"]:
            by_hand = f"    {row['by_hand']}"
            click.echo(click.style(by_hand, dim=True) if coloured() else by_hand)


def print_event(row: EventRow) -> None:
    """Something that happened to the lab while it is watched: on stderr, beside what the services say."""
    detail = f": {row['detail']}" if row["detail"] else ""
    click.echo(f"{row['who']} {row['what']}{detail}", err=True)
