"""``dataplane container prune``."""

from __future__ import annotations

import click

from dataplane.cli.asked_first import meant
from dataplane.cli.filters import FILTER, as_query
from dataplane.cli.verb import Verb, words
from dataplane.client import Daemon


@click.command(cls=Verb, most=0)
@click.option("--filter", "filters", type=FILTER, multiple=True, help="Those only of which this is true.")
@click.option("-f", "--force", is_flag=True, help="Do not ask.")
@words("")
def command(filters: tuple[tuple[str, str], ...], force: bool, words: tuple[str, ...]) -> None:  # noqa: ARG001 there are none
    """Remove all containers that do not run."""
    daemon = Daemon.at()
    if not force:
        meant("This will remove all stopped containers.")
    gone = daemon.ask("POST", "/containers/prune", query={"filters": as_query(filters)}).get("ContainersDeleted") or []
    if gone:
        click.echo("Deleted Containers:\n" + "".join(f"{number}\n" for number in gone))
    click.echo("Total reclaimed space: 0B")
