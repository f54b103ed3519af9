"""``dataplane network links``."""

from __future__ import annotations

import click

from dataplane.cli.listing import FORMAT, show
from dataplane.cli.options import as_json
from dataplane.cli.output import print_json
from dataplane.cli.verb import Verb
from dataplane.client import Daemon
from dataplane.gotemplate import Row

DEFAULT = "{{.Link}}\t{{.Network}}\t{{.State}}\t{{.Ports}}"
HEADINGS = {"Link": "LINK", "Network": "NETWORK", "ID": "NETWORK ID", "State": "STATE", "Ports": "PORTS"}


@click.command(cls=Verb, most=0)
@click.option("--format", "layout", metavar="string", help=FORMAT)
@as_json
def command(layout: str | None, as_json: bool) -> None:
    """Show the bridges of networks, UP while a container is on them."""
    found = Daemon.at().ask("GET", "/dataplane/links")
    if as_json:
        print_json(found)
        return
    rows = [{**one, "ID": one["ID"][:12], "Ports": ", ".join(one["Ports"])} for one in found]
    show([Row("*network.linkContext", one) for one in rows], layout, default=DEFAULT, headings=HEADINGS)
