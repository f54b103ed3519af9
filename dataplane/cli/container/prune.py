"""``dataplane container prune``."""

from __future__ import annotations

import click

from dataplane.cli.pruning import prune, pruning
from dataplane.cli.verb import Verb, words


@click.command(cls=Verb, most=0)
@pruning
@words("")
def command(filters: tuple[tuple[str, str], ...], force: bool, words: tuple[str, ...]) -> None:  # noqa: ARG001 there are none
    """Remove all containers that do not run."""
    prune("Containers", filters, "" if force else "This will remove all stopped containers.")
    click.echo("Total reclaimed space: 0B")
