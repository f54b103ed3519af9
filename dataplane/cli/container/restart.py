"""``dataplane restart``."""

from __future__ import annotations

import click

from dataplane.cli.candidates import completer
from dataplane.cli.container.each import each
from dataplane.cli.container.ending import ending
from dataplane.cli.daemon_names import containers
from dataplane.cli.verb import Verb, words
from dataplane.client import Daemon
from dataplane.client.daemon import quoted


@click.command(cls=Verb, least=1)
@ending
@words("CONTAINER [CONTAINER...]", shell_complete=completer(containers))
def command(signal: str | None, timeout: int | None, words: tuple[str, ...]) -> None:
    """Stop containers and start them again."""
    daemon, query = Daemon.at(), {"signal": signal, "t": timeout}
    each(words, lambda name: daemon.ask("POST", f"/containers/{quoted(name)}/restart", query=query, timeout=None))
