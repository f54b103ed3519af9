"""What ``up`` and ``down`` do, while they do it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from dataplane.cli.output import styled

if TYPE_CHECKING:
    from dataplane.live.rows import EventRow, StepRow


def print_step(row: StepRow) -> None:
    """A step with its command below it, a change as a line of a difference, a warning on stderr."""
    if row["kind"] == "warning":
        click.echo(f"warning: {row['what']}", err=True)
    elif row["kind"] == "change":
        colour = {"+": "green", "-": "red", "~": "yellow"}.get(row["what"][:1])
        click.echo(styled(row["what"], fg=colour))
    else:
        click.echo(f"· {row['what']}")
        if row["by_hand"]:
            click.echo(styled(f"    {row['by_hand']}", dim=True))


def print_event(row: EventRow) -> None:
    """Something that happened to the lab while it is watched: on stderr, beside what the services say."""
    detail = f": {row['detail']}" if row["detail"] else ""
    click.echo(f"{row['who']} {row['what']}{detail}", err=True)
