"""``dataplane rename``."""

from __future__ import annotations

import click

from dataplane.cli.candidates import completer
from dataplane.cli.daemon_names import containers
from dataplane.cli.said import Said, refused
from dataplane.cli.verb import Failure, Verb, words
from dataplane.client import Daemon, Refusal
from dataplane.client.daemon import quoted


@click.command(cls=Verb, least=2, most=2)
@words("CONTAINER NEW_NAME", shell_complete=completer(containers))
def command(words: tuple[str, ...]) -> None:
    """Give a container another name."""
    old, new = (word.strip() for word in words)
    if not old or not new:
        raise Failure("Error: Neither old nor new names may be empty")
    try:
        Daemon.at().ask("POST", f"/containers/{quoted(old)}/rename", query={"name": new})
    except Refusal as refusal:
        raise Said(f"{refused(refusal)}\nError: failed to rename container named {old}") from None
