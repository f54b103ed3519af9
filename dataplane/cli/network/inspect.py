"""``dataplane network inspect``."""

from __future__ import annotations

import click

from dataplane.cli.candidates import completer
from dataplane.cli.daemon_names import networks
from dataplane.cli.shown_objects import inspect
from dataplane.cli.verb import Verb, words
from dataplane.client import Daemon
from dataplane.client.daemon import quoted


@click.command(cls=Verb, least=1)
@click.option("-f", "--format", "layout", metavar="string", help="A Go template, or json.")
@click.option("-v", "--verbose", is_flag=True, help="With what a swarm knows of it.")
@words("NETWORK [NETWORK...]", shell_complete=completer(networks))
def command(layout: str | None, verbose: bool, words: tuple[str, ...]) -> None:
    """Show all there is about networks."""
    daemon = Daemon.at()
    inspect(words, layout, lambda name: daemon.ask("GET", f"/networks/{quoted(name)}", query={"verbose": verbose or None}))
