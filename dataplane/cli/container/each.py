"""Do the same to several things: each that worked is named, each that did not is explained, and then the status is 1."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import click

from dataplane.cli.said import Said, refused
from dataplane.client import Refusal


def each(names: Iterable[str], do: Callable[[str], object], *, quiet: bool = False, last: str = "") -> None:
    """``do`` it to every one, in order. Said with all that was refused, and ``last`` at its end,
    where ``{}`` stands for those that failed."""
    failures: list[str] = []
    failed: list[str] = []
    for name in names:
        try:
            do(name)
        except Refusal as refusal:
            failures.append(refused(refusal))
            failed.append(name)
        else:
            if not quiet:
                click.echo(name)
    if failures:
        raise Said("\n".join([*failures, *([last.format(", ".join(failed))] if last else [])]))
