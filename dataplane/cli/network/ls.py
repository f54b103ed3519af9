"""``dataplane network ls``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import click

from dataplane.cli.filters import FILTER, as_query
from dataplane.cli.listing import FORMAT, labels, show
from dataplane.cli.verb import Verb, words
from dataplane.client import Daemon
from dataplane.gotemplate import Row

DEFAULT = "{{.ID}}\t{{.Name}}\t{{.Driver}}\t{{.Scope}}"
HEADINGS = {
    "ID": "NETWORK ID",
    "Name": "NAME",
    "Driver": "DRIVER",
    "Scope": "SCOPE",
    "IPv4": "IPV4",
    "IPv6": "IPV6",
    "Internal": "INTERNAL",
    "Labels": "LABELS",
    "CreatedAt": "CREATED AT",
}


@click.command(cls=Verb, most=0)
@click.option("-f", "--filter", "filters", type=FILTER, multiple=True, help="Those only of which this is true.")
@click.option("--format", "layout", metavar="string", help=FORMAT)
@click.option("--no-trunc", is_flag=True, help="Cut nothing short.")
@click.option("-q", "--quiet", is_flag=True, help="Ids only.")
@words("")
def command(
    filters: tuple[tuple[str, str], ...],
    layout: str | None,
    no_trunc: bool,
    quiet: bool,
    words: tuple[str, ...],  # noqa: ARG001 there are none
) -> None:
    """List networks."""
    found = Daemon.at().ask("GET", "/networks", query={"filters": as_query(filters)})
    rows = [row(one, whole=no_trunc) for one in sorted(found, key=lambda one: _natural(one["Name"]))]
    show(rows, layout, default=DEFAULT, headings=HEADINGS, ids="ID" if quiet else None)


def row(one: Mapping[str, Any], *, whole: bool) -> Row:
    """A network as templates see it."""
    fields = {
        "ID": one["Id"] if whole else one["Id"][:12],
        "Name": one["Name"],
        "Driver": one["Driver"],
        "Scope": one["Scope"],
        "IPv4": _word(one.get("EnableIPv4", True)),
        "IPv6": _word(one["EnableIPv6"]),
        "Internal": _word(one["Internal"]),
        "CreatedAt": _go_time(one["Created"]),
        **labels(one.get("Labels")),
    }
    return Row("*network.networkContext", fields)


def _word(value: bool) -> str:
    return "true" if value else "false"


def _go_time(text: str) -> str:
    """RFC 3339 as Go's Time.String has it: ``2026-11-26 09:30:00.12345 +0000 UTC``."""
    whole, dot, rest = text.partition(".")
    match = re.fullmatch(r"(\d*)(Z|[+-]\d\d:\d\d)", rest) if dot else re.fullmatch(r"()(Z|[+-]\d\d:\d\d)", text[19:])
    if match is None:
        return text
    digits, zone = match[1].rstrip("0"), match[2]
    moment = datetime.fromisoformat(whole[:19])
    offset = "+0000 UTC" if zone in {"Z", "+00:00"} else f"{zone.replace(':', '')} {zone.replace(':', '')}"
    return f"{moment:%Y-%m-%d %H:%M:%S}{'.' + digits if digits else ''} {offset}"


def _natural(name: str) -> list[tuple[bool, int, str]]:
    """``net2`` before ``net10``."""
    return [(not part.isdecimal(), int(part) if part.isdecimal() else 0, part) for part in re.findall(r"\d+|\D+", name)]
