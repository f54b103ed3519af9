"""``dataplane network links``."""

from __future__ import annotations

import click

from dataplane.cli.listing import FORMAT, show
from dataplane.cli.verb import Verb
from dataplane.client import Daemon
from dataplane.gotemplate import Row

DEFAULT = "{{.Link}}\t{{.Network}}\t{{.State}}\t{{.Ports}}"
HEADINGS = {"Link": "LINK", "Network": "NETWORK", "ID": "NETWORK ID", "State": "STATE", "Ports": "PORTS"}


@click.command(cls=Verb, most=0)
@click.option("--format", "layout", metavar="string", help=FORMAT)
def command(layout: str | None) -> None:
    """Show the bridges of networks, UP while a container is on them."""
    rows = [{**one, "ID": one["ID"][:12], "Ports": ", ".join(one["Ports"])} for one in Daemon.at().ask("GET", "/dataplane/links")]
    show([Row("*network.linkContext", one) for one in rows], layout, default=DEFAULT, headings=HEADINGS)
