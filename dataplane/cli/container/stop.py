"""``dataplane stop``."""

from __future__ import annotations

import click

from dataplane.cli.candidates import completer
from dataplane.cli.container.each import each
from dataplane.cli.daemon_names import running
from dataplane.cli.verb import INTEGER, Verb, words
from dataplane.client import Daemon
from dataplane.client.daemon import quoted


@click.command(cls=Verb, least=1)
@click.option("-s", "--signal", metavar="string", help="The signal, instead of its own.")
@click.option("-t", "--timeout", "--time", type=INTEGER, help="Seconds until it is killed.")
@words("CONTAINER [CONTAINER...]", shell_complete=completer(running))
def command(signal: str | None, timeout: int | None, words: tuple[str, ...]) -> None:
    """Stop containers that run."""
    daemon, query = Daemon.at(), {"signal": signal, "t": timeout}
    each(words, lambda name: daemon.ask("POST", f"/containers/{quoted(name)}/stop", query=query, timeout=None))
