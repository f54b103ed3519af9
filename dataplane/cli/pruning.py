"""``prune``, of containers and of networks: its options, its question, and what was removed."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, TypeVar

import click

from dataplane.cli.filters import FILTER, as_query
from dataplane.client import Daemon

Command = TypeVar("Command", bound=Callable[..., Any])


def pruning(command: Command) -> Command:
    """``--filter`` and ``-f``: parameters ``filters`` and ``force``."""
    command = click.option("-f", "--force", is_flag=True, help="Do not ask.")(command)
    return click.option("--filter", "filters", type=FILTER, multiple=True, help="Those only of which this is true.")(command)


def prune(kind: str, filters: tuple[tuple[str, str], ...], warning: str) -> None:
    """Of the kind that the API calls so, all that is not in use. ``warning``: asked whether that is meant; "": not asked."""
    daemon = Daemon.at()
    if warning:
        _ask(warning)
    answer = daemon.ask("POST", f"/{kind.lower()}/prune", query={"filters": as_query(filters)})
    if gone := answer.get(f"{kind}Deleted"):
        click.echo(f"Deleted {kind}:\n" + "".join(f"{one}\n" for one in gone))


def _ask(warning: str) -> None:
    """Go on where the answer is y. Everything else ends the command there, silently and well, as Docker's does."""
    click.echo(f"WARNING! {warning}\nAre you sure you want to continue? [y/N] ", nl=False)
    if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
        raise click.exceptions.Exit(0)
