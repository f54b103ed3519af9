"""``dataplane network disconnect``."""

from __future__ import annotations

import click

from dataplane.cli.candidates import completer
from dataplane.cli.daemon_names import network_and_container
from dataplane.cli.verb import Verb, words
from dataplane.client import Daemon
from dataplane.client.daemon import quoted


@click.command(cls=Verb, least=2, most=2)
@click.option("-f", "--force", is_flag=True, help="Whatever the container is doing.")
@words("NETWORK CONTAINER", shell_complete=completer(network_and_container))
def command(force: bool, words: tuple[str, ...]) -> None:
    """Disconnect a container from a network, also while it runs."""
    network, container = words
    Daemon.at().ask("POST", f"/networks/{quoted(network)}/disconnect", body={"Container": container, "Force": force})
