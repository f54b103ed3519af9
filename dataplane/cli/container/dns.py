"""``dataplane dns``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from dataplane import live
from dataplane.cli import whose
from dataplane.cli.candidates import completer
from dataplane.cli.daemon_names import running
from dataplane.cli.listing import FORMAT, show
from dataplane.cli.options import as_json
from dataplane.cli.output import print_json
from dataplane.cli.verb import INTEGER, Verb, words
from dataplane.client import Daemon, Refusal
from dataplane.errors import UserError
from dataplane.gotemplate import Row

DEFAULT = "{{.Time}}\t{{.Container}}\t{{.Name}}\t{{.Type}}\t{{.Rcode}}\t{{.Why}}"
OF_LABS = "a lab has no name servers, its services find each other in files: dataplane exec SERVICE cat /etc/hosts"
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
@as_json
@words("[CONTAINER]", shell_complete=completer(running))
def command(layout: str | None, tail: int | None, as_json: bool, words: tuple[str, ...]) -> None:
    """Show what containers asked their name servers, and why the answer."""
    query = {"container": words[0] if words else None, "tail": tail}
    try:
        found = Daemon.at().ask("GET", "/dataplane/dns", query=query)
    except Refusal:
        raise
    except UserError as error:
        mend = error.mend if whose.of_daemon([]) or not any(lab.running for lab in live.labs()) else f"{OF_LABS}\n{error.mend}"
        raise UserError(error.what, mend=mend, status=1) from None
    if as_json:
        print_json(found)
        return
    show([row(one) for one in found], layout, default=DEFAULT, headings=HEADINGS)


def row(one: Mapping[str, Any]) -> Row:
    """A question as templates see it."""
    clock = one["Time"][11:23].rstrip("Z").ljust(8, " ")
    return Row("*dns.lookupContext", {**{field: one[field] for field in HEADINGS}, "Time": clock, "ID": one["ID"][:12]})
