"""``dataplane network`` itself."""

from __future__ import annotations

import click

from dataplane.cli.group import Group

VERBS = {
    "connect": "Connect a container to a network, also while it runs.",
    "create": "Create a network.",
    "disconnect": "Disconnect a container from a network, also while it runs.",
    "inspect": "Show all there is about networks.",
    "links": "Show the bridges of networks, UP while a container is on them.",
    "ls": "List networks.",
    "prune": "Remove all networks that no container uses.",
    "rm": "Remove networks.",
}


@click.command(cls=Group, folder="dataplane.cli.network", verbs=VERBS, others={"list": "ls", "remove": "rm"})
def command() -> None:
    """Create, list, join and leave networks of the daemon."""
