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
    query = {"name": given["name"] or None, "platform": given["platform"] or None}
    if given["pull"] == "always":
        _pull(daemon, image)
    try:
        answer = daemon.ask("POST", "/containers/create", query=query, body=wanted)
    except Refusal as refusal:
        if refusal.http != 404 or not refusal.what.startswith("No such image") or given["pull"] in {"always", "never"}:
            raise
        if not given["quiet"]:
            click.echo(f"Unable to find image '{':'.join(_named(image))}' locally", err=True)
        _pull(daemon, image)
        answer = daemon.ask("POST", "/containers/create", query=query, body=wanted)
    for warning in answer.get("Warnings") or ():
        click.echo(f"WARNING: {warning}", err=True)
    if given["cidfile"]:
        write_id(given["cidfile"], answer["Id"])
    return str(answer["Id"])


def _pull(daemon: Daemon, image: str) -> None:
    """Ask for it. Failure says what there is instead of one that is not there."""
    name, tag = _named(image)
    for line in daemon.lines("POST", "/images/create", query={"fromImage": name, "tag": tag}):
        if line.get("error"):
            raise Failure(f"Error response from daemon: {line['error']}")


def _named(image: str) -> tuple[str, str]:
    name, sign, tag = image.rpartition(":")
    return (name, tag) if sign and "/" not in tag else (image, "latest")
