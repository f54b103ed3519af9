"""Whether what cannot be taken back is meant: Docker's question before a prune."""

from __future__ import annotations

import sys

import click


def meant(warning: str) -> None:
    """Go on where the answer is y. Everything else ends the command there, silently and well, as Docker's does."""
    click.echo(f"WARNING! {warning}\nAre you sure you want to continue? [y/N] ", nl=False)
    if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
        raise click.exceptions.Exit(0)
