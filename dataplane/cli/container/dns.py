"""``dataplane dns``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from dataplane.cli.candidates import completer
from dataplane.cli.daemon_names import running
from dataplane.cli.listing import FORMAT, show
from dataplane.cli.verb import INTEGER, Verb, words
from dataplane.client import Daemon
from dataplane.gotemplate import Row

DEFAULT = "{{.Time}}\t{{.Container}}\t{{.Name}}\t{{.Type}}\t{{.Rcode}}\t{{.Why}}"
HEADINGS = {
    "Time": "TIME",
    "Container": "CONTAINER",
    "ID": "CONTAINER ID",
    "Name": "NAME",
    "Type": "TYPE",
    "Transport": "TRANSPORT",
    "Rcode": "RESULT",
    "Answers": "ANSWERS",
    "Why": "WHY",
}


@click.command(cls=Verb, most=1)
@click.option("--format", "layout", metavar="string", help=FORMAT)
@click.option("-n", "--tail", type=INTEGER, help="The last ones only.")
@words("[CONTAINER]", shell_complete=completer(running))
def command(layout: str | None, tail: int | None, words: tuple[str, ...]) -> None:
    """Show what containers asked their name servers, and why the answer."""
    query = {"container": words[0] if words else None, "tail": tail}
    found = Daemon.at().ask("GET", "/dataplane/dns", query=query)
    show([row(one) for one in found], layout, default=DEFAULT, headings=HEADINGS)


def row(one: Mapping[str, Any]) -> Row:
    """A question as templates see it."""
    clock = one["Time"][11:23].rstrip("Z").ljust(8, " ")
    return Row("*dns.lookupContext", {**{field: one[field] for field in HEADINGS}, "Time": clock, "ID": one["ID"][:12]})
