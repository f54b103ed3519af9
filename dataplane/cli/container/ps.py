"""``dataplane ps`` of a daemon."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any

import click

from dataplane.cli.container.shown_ports import shown_ports
from dataplane.cli.filters import FILTER, as_query
from dataplane.cli.listing import FORMAT, labels, show
from dataplane.cli.moments import as_go
from dataplane.cli.verb import INTEGER, Verb, words
from dataplane.client import Daemon
from dataplane.gotemplate import Row
from dataplane.spans import ago

DEFAULT = "{{.ID}}\t{{.Image}}\t{{.Command}}\t{{.RunningFor}}\t{{.Status}}\t{{.Ports}}\t{{.Names}}"
HEADINGS = {
    "ID": "CONTAINER ID",
    "Names": "NAMES",
    "Image": "IMAGE",
    "Command": "COMMAND",
    "CreatedAt": "CREATED AT",
    "RunningFor": "CREATED",
    "Ports": "PORTS",
    "State": "STATE",
    "Status": "STATUS",
    "Size": "SIZE",
    "Labels": "LABELS",
    "Mounts": "MOUNTS",
    "LocalVolumes": "LOCAL VOLUMES",
    "Networks": "NETWORKS",
}
COMMAND_LENGTH = 20


@click.command(cls=Verb, most=0)
@click.option("-a", "--all", "everything", is_flag=True, help="Also those that do not run.")
@click.option("-f", "--filter", "filters", type=FILTER, multiple=True, help="Those only of which this is true.")
@click.option("--format", "layout", metavar="string", help=FORMAT)
@click.option("-n", "--last", type=INTEGER, default=-1, help="The last N that were made.")
@click.option("-l", "--latest", is_flag=True, help="The last one that was made.")
@click.option("--no-trunc", is_flag=True, help="Cut nothing short.")
@click.option("-q", "--quiet", is_flag=True, help="Ids only.")
@click.option("-s", "--size", is_flag=True, help="With the sizes of files: none of them is a container's.")
@words("")
def command(
    *,
    everything: bool,
    filters: tuple[tuple[str, str], ...],
    layout: str | None,
    last: int,
    latest: bool,
    no_trunc: bool,
    quiet: bool,
    size: bool,
    words: tuple[str, ...],  # noqa: ARG001 there are none
) -> None:
    """List containers."""
    limit = 1 if latest else last
    query = {"all": everything or None, "limit": limit if limit > 0 else None, "filters": as_query(filters), "size": size or None}
    found = Daemon.at().ask("GET", "/containers/json", query=query)
    if quiet and layout:
        click.echo("WARNING: Ignoring custom format, because both --format and --quiet are set.", err=True)
        layout = None
    show(
        (row(one, whole=no_trunc) for one in found),
        layout,
        default=DEFAULT + size * r"\t{{.Size}}",
        headings=HEADINGS,
        ids="ID" if quiet else None,
    )


def row(one: Mapping[str, Any], *, whole: bool) -> Row:
    """A container as templates see it."""
    names = [name.removeprefix("/") for name in one["Names"]]
    command = one["Command"]
    if not whole:
        names = [name for name in names if "/" not in name]
        command = command if len(command) <= COMMAND_LENGTH else command[: COMMAND_LENGTH - 1] + "…"
    networks = (one.get("NetworkSettings") or {}).get("Networks") or {}
    fields = {
        "ID": one["Id"] if whole else one["Id"][:12],
        "Names": ",".join(names),
        "Image": one["Image"] or "<no image>",
        "Command": json.dumps(command, ensure_ascii=False),
        "CreatedAt": as_go(one["Created"]),
        "RunningFor": f"{ago(time.time() - one['Created'])} ago",
        "Ports": shown_ports(one.get("Ports") or ()),
        "State": one["State"],
        "Status": one["Status"],
        "Size": "0B",
        "Mounts": "",
        "LocalVolumes": "0",
        "Networks": ",".join(sorted(networks)),
        **labels(one.get("Labels")),
    }
    return Row("*formatter.ContainerContext", fields)
