"""``dataplane kill``."""

from __future__ import annotations

import click

from dataplane.cli.candidates import completer
from dataplane.cli.container.each import each
from dataplane.cli.daemon_names import running
from dataplane.cli.verb import Verb, words
from dataplane.client import Daemon
from dataplane.client.daemon import quoted


@click.command(cls=Verb, least=1)
@click.option("-s", "--signal", metavar="string", help="The signal, instead of KILL.")
@words("CONTAINER [CONTAINER...]", shell_complete=completer(running))
def command(signal: str | None, words: tuple[str, ...]) -> None:
    """Kill containers, or send them a signal."""
    daemon = Daemon.at()
    each(words, lambda name: daemon.ask("POST", f"/containers/{quoted(name)}/kill", query={"signal": signal}))
