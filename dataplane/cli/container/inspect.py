"""``dataplane inspect``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

from dataplane.cli.candidates import completer
from dataplane.cli.daemon_names import containers, networks
from dataplane.cli.shown_objects import NotThere, inspect
from dataplane.cli.verb import Failure, Verb, words
from dataplane.client import Daemon, Refusal
from dataplane.client.daemon import quoted

PATHS = {"container": "/containers/{}/json", "network": "/networks/{}", "image": "/images/{}/json"}
"""In the order in which a name is looked for."""
UNKNOWN = ("config", "node", "plugin", "secret", "service", "task", "volume")


def _names(context: click.Context) -> Iterator[str]:
    yield from containers(context)
    yield from networks(context)


@click.command(cls=Verb, least=1)
@click.option("-f", "--format", "layout", metavar="string", help="A Go template, or json.")
@click.option("-s", "--size", is_flag=True, help="With the sizes of files: none of them is a container's.")
@click.option("--type", "kind", metavar="string", help="container, network or image.")
@words("NAME|ID [NAME|ID...]", shell_complete=completer(_names))
def command(layout: str | None, size: bool, kind: str | None, words: tuple[str, ...]) -> None:
    """Show all there is about containers and networks."""
    if kind and kind not in PATHS:
        valid = ", ".join(f'"{name}"' for name in sorted((*PATHS, *UNKNOWN)))
        raise Failure(f'unknown type: "{kind}": must be one of {valid}')
    daemon = Daemon.at()

    def get(name: str) -> Any:
        mends = []
        for each in [kind] if kind else PATHS:
            try:
                return daemon.ask("GET", PATHS[each].format(quoted(name)), query={"size": (size and each == "container") or None})
            except Refusal as refusal:
                if kind or refusal.http != 404:
                    raise
                mends += [refusal.mend] if refusal.mend else []
        raise NotThere("\n".join([f"Error: No such object: {name}", *(f"  mend:  {mend}" for mend in mends[:1])]))

    inspect(words, layout, get)
