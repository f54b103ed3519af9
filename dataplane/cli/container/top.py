"""``dataplane top``."""

from __future__ import annotations

import click

from dataplane.cli.candidates import completer
from dataplane.cli.daemon_names import running
from dataplane.cli.verb import Verb, words
from dataplane.client import Daemon
from dataplane.client.daemon import quoted
from dataplane.gotemplate.tabs import aligned


@click.command(cls=Verb, least=1, interspersed=False)
@words("CONTAINER [ps OPTIONS]", shell_complete=completer(running))
def command(words: tuple[str, ...]) -> None:
    """Show the processes of a container."""
    name, *options = words
    found = Daemon.at().ask("GET", f"/containers/{quoted(name)}/top", query={"ps_args": " ".join(options) or None})
    lines = [found["Titles"], *found["Processes"]]
    click.echo(aligned("".join("\t".join(cells) + "\n" for cells in lines)), nl=False)
