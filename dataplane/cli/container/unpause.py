"""``dataplane unpause``."""

from __future__ import annotations

import click

from dataplane.cli.candidates import completer
from dataplane.cli.container.each import each
from dataplane.cli.daemon_names import running
from dataplane.cli.verb import Verb, words
from dataplane.client import Daemon
from dataplane.client.daemon import quoted


@click.command(cls=Verb, least=1)
@words("CONTAINER [CONTAINER...]", shell_complete=completer(running))
def command(words: tuple[str, ...]) -> None:
    """Let the processes of containers go on."""
    daemon = Daemon.at()
    each(words, lambda name: daemon.ask("POST", f"/containers/{quoted(name)}/unpause"))
