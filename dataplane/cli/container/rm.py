"""``dataplane rm``."""

from __future__ import annotations

import click

from dataplane.cli.candidates import completer
from dataplane.cli.container.each import each
from dataplane.cli.daemon_names import containers
from dataplane.cli.said import refused
from dataplane.cli.verb import Verb, words
from dataplane.client import Daemon, Refusal
from dataplane.client.daemon import quoted


@click.command(cls=Verb, least=1)
@click.option("-f", "--force", is_flag=True, help="Kill those that run.")
@click.option("-l", "--link", is_flag=True, help="Remove a link instead.")
@click.option("-v", "--volumes", is_flag=True, help="With their anonymous volumes.")
@words("CONTAINER [CONTAINER...]", shell_complete=completer(containers))
def command(force: bool, link: bool, volumes: bool, words: tuple[str, ...]) -> None:
    """Remove containers."""
    daemon = Daemon.at()

    def remove(name: str) -> None:
        query = {"force": force or None, "link": link or None, "v": volumes or None}
        try:
            daemon.ask("DELETE", f"/containers/{quoted(name)}", query=query)
        except Refusal as refusal:
            if not (force and refusal.http == 404):
                raise
            click.echo(refused(refusal), err=True)
            gone.add(name)

    gone: set[str] = set()

    def one(name: str) -> None:
        remove(name)
        if name not in gone:
            click.echo(name)

    each(words, one, quiet=True)
