"""Names that a shell may complete: of the Compose file at hand. Wrong files complete nothing; they are explained when used."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import click
from click.shell_completion import CompletionItem

from dataplane.errors import UserError

Names = Callable[[click.Context], Iterable[str]]
Completer = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def completer(names: Names) -> Completer:
    """Offer those of ``names`` that begin as the word does, without the words already there."""

    def complete(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
        there = context.params.get(parameter.name or "")
        taken = set(there) if isinstance(there, tuple) else set()
        try:
            found = sorted(set(names(context)) - taken)
        except (UserError, OSError):
            return []
        return [CompletionItem(name) for name in found if name.startswith(incomplete)]

    return complete


def services(context: click.Context) -> Iterable[str]:
    """Services of the file at hand."""
    from dataplane.compose import load

    return load(_file(context)).services


def networks(context: click.Context) -> Iterable[str]:
    """Networks of the file at hand."""
    from dataplane.compose import load

    return load(_file(context)).networks


def _file(context: click.Context) -> str:
    named = context.params.get("option_file") or context.params.get("file")
    return str(named or ".")
