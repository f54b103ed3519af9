"""``dataplane network prune``."""

from __future__ import annotations

import click

from dataplane.cli.pruning import prune, pruning
from dataplane.cli.verb import Verb, words

WARNING = "This will remove all custom networks not used by at least one container."


@click.command(cls=Verb, most=0)
@pruning
@words("")
def command(filters: tuple[tuple[str, str], ...], force: bool, words: tuple[str, ...]) -> None:  # noqa: ARG001 there are none
    """Remove all networks that no container uses."""
    prune("Networks", filters, "" if force else WARNING)
