"""``dataplane network prune``."""

from __future__ import annotations

import click

from dataplane.cli.asked_first import meant
from dataplane.cli.filters import FILTER, as_query
from dataplane.cli.verb import Verb, words
from dataplane.client import Daemon

WARNING = "This will remove all custom networks not used by at least one container."


@click.command(cls=Verb, most=0)
@click.option("--filter", "filters", type=FILTER, multiple=True, help="Those only of which this is true.")
@click.option("-f", "--force", is_flag=True, help="Do not ask.")
@words("")
def command(filters: tuple[tuple[str, str], ...], force: bool, words: tuple[str, ...]) -> None:  # noqa: ARG001 there are none
    """Remove all networks that no container uses."""
    daemon = Daemon.at()
    if not force:
        meant(WARNING)
    gone = daemon.ask("POST", "/networks/prune", query={"filters": as_query(filters)}).get("NetworksDeleted") or []
    if gone:
        click.echo("Deleted Networks:\n" + "".join(f"{name}\n" for name in gone))
