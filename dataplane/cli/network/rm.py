"""``dataplane network rm``."""

from __future__ import annotations

import click

from dataplane.cli.candidates import completer
from dataplane.cli.container.each import each
from dataplane.cli.daemon_names import networks
from dataplane.cli.verb import Verb, words
from dataplane.client import Daemon, Refusal
from dataplane.client.daemon import quoted


@click.command(cls=Verb, least=1)
@click.option("-f", "--force", is_flag=True, help="Say nothing of a network that is not there.")
@words("NETWORK [NETWORK...]", shell_complete=completer(networks))
def command(force: bool, words: tuple[str, ...]) -> None:
    """Remove networks."""
    daemon = Daemon.at()

    def remove(name: str) -> None:
        try:
            daemon.ask("DELETE", f"/networks/{quoted(name)}")
        except Refusal as refusal:
            if not (force and refusal.http == 404):
                raise
        else:
            click.echo(name)

    each(words, remove, quiet=True, last="exit status 1")
