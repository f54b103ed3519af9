"""``dataplane create``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from dataplane.cli.container.body import attached, body
from dataplane.cli.container.flags import container_flags
from dataplane.cli.container.session import TAKEN, write_id
from dataplane.cli.verb import Failure, Verb, words
from dataplane.client import Daemon, Refusal


@click.command(cls=Verb, least=1, interspersed=False, said_by_us=True, implied="host")
@container_flags
@words("IMAGE [COMMAND] [ARG...]")
def command(words: tuple[str, ...], **given: Any) -> None:
    """Make a container that is started later.

    IMAGE is `host`, and `--` stands for it: the host's own files.
    """
    click.echo(created(Daemon.at(), words, given, attached(given)))


def created(daemon: Daemon, words: tuple[str, ...], given: dict[str, Any], streams: set[str]) -> str:
    """Make it; its id. Warnings are told."""
    image, *rest = words
    argv = rest[1:] if rest[:1] == ["--"] else rest
    wanted = body(given, image, argv, streams)
    if given["cidfile"] and Path(given["cidfile"]).exists():
        raise Failure(TAKEN.format(given["cidfile"]))
    query = {"name": given["name"] or None}
    try:
        answer = daemon.ask("POST", "/containers/create", query=query, body=wanted)
    except Refusal as refusal:
        if refusal.http != 404 or not refusal.what.startswith("No such image"):
            raise
        _pull(daemon, image)
        answer = daemon.ask("POST", "/containers/create", query=query, body=wanted)
    for warning in answer.get("Warnings") or ():
        click.echo(f"WARNING: {warning}", err=True)
    if given["cidfile"]:
        write_id(given["cidfile"], answer["Id"])
    return str(answer["Id"])


def _pull(daemon: Daemon, image: str) -> None:
    """Ask for an image that is not there. Refusal says what there is instead."""
    name, sign, tag = image.rpartition(":")
    if not sign or "/" in tag:
        name, tag = image, "latest"
    click.echo(f"Unable to find image '{name}:{tag}' locally", err=True)
    for line in daemon.lines("POST", "/images/create", query={"fromImage": name, "tag": tag}):
        if line.get("error"):
            raise Failure(f"Error response from daemon: {line['error']}")
