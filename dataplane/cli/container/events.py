"""``dataplane events``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from dataplane.cli.filters import FILTER, as_query
from dataplane.cli.moments import bounds, nanoseconds
from dataplane.cli.said import Said
from dataplane.cli.verb import Verb, words
from dataplane.client import Daemon
from dataplane.gotemplate import Template, TemplateError


@click.command(cls=Verb, most=0)
@click.option("-f", "--filter", "filters", type=FILTER, multiple=True, help="Those only of which this is true.")
@click.option("--format", "layout", metavar="string", help="A Go template, or json.")
@click.option("--since", metavar="string", help="Also what came after this time, or so long ago.")
@click.option("--until", metavar="string", help="Until this time.")
@words("")
def command(
    filters: tuple[tuple[str, str], ...],
    layout: str | None,
    since: str | None,
    until: str | None,
    words: tuple[str, ...],  # noqa: ARG001 there are none
) -> None:
    """Show what happens to networks and containers, as it happens."""
    try:
        template = Template("{{json .}}" if layout == "json" else layout) if layout else None
    except TemplateError as error:
        raise Said(f"Error parsing format: template parsing error: {error}", status=64) from None
    query = {"filters": as_query(filters), **bounds(since, until)}
    for event in Daemon.at().lines("GET", "/events", query=query):
        click.echo(line(event) if template is None else template.render(with_typed_names(event)))


def line(event: Mapping[str, Any]) -> str:
    """``2026-11-26T09:30:00.123456789Z network connect ID (container=…, name=…)``"""
    actor = event["Actor"]
    said = ", ".join(f"{key}={value}" for key, value in sorted(actor["Attributes"].items()))
    return f"{nanoseconds(event['timeNano'])} {event['Type']} {event['Action']} {actor['ID']}" + (f" ({said})" if said else "")


def with_typed_names(event: Mapping[str, Any]) -> dict[str, Any]:
    """Go's names of fields beside JSON's: ``.Time``, ``.ID``, ``.Status``."""
    named = {"id": "ID", "status": "Status", "from": "From", "scope": "Scope", "time": "Time", "timeNano": "TimeNano"}
    return {**event, **{new: event[old] for old, new in named.items() if old in event}}
