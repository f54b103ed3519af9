"""What a verb prints: aligned tables for people, JSON for programs. Rich is imported when the first table is printed."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

UNBOUNDED = 10_000
"""Columns of a page that nobody looks at: what reads a pipe wants whole values, one row a line."""


def console() -> Console:
    """Rich's console on standard output: the terminal's width and colours, or neither when it is none."""
    from rich.console import Console

    width = None if sys.stdout.isatty() else UNBOUNDED
    return Console(width=width, highlight=False, markup=False, emoji=False, soft_wrap=False)


def print_json(value: object) -> None:
    """One JSON document, keys in their order; compact, one line, when nobody looks."""
    click.echo(json.dumps(value, indent=2 if sys.stdout.isatty() else None, default=str, ensure_ascii=False))


def print_table(
    columns: Mapping[str, str],
    rows: Iterable[Sequence[object]],
    *,
    nothing: str = "",
    styles: Mapping[str, str] | None = None,
) -> None:
    """Print a table: ``columns`` maps each heading to ``left`` or ``right``; ``nothing`` is said instead of an empty one.

    ``styles`` colours cells that equal its keys, on a terminal only."""
    held = [[_text(cell) for cell in row] for row in rows]
    if not held:
        if nothing:
            click.echo(nothing)
        return
    console().print(make_table(columns, held, styles))


def make_table(columns: Mapping[str, str], rows: Iterable[Sequence[object]], styles: Mapping[str, str] | None = None) -> Table:
    """A borderless table, headings bold, columns two blanks apart."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for heading, side in columns.items():
        table.add_column(heading, justify="right" if side == "right" else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell, style=(styles or {}).get(cell, "")) for cell in map(_text, row)))
    return table


def _text(cell: object) -> str:
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, int):
        return grouped(cell)
    return "" if cell is None else str(cell)


def grouped(number: int) -> str:
    """``1234567`` as ``1,234,567``."""
    return f"{number:,}"


def page(text: str) -> None:
    """Replace what the terminal shows (``--watch``); where there is no terminal, print one page after another."""
    if sys.stdout.isatty():
        sys.stdout.write("\x1b[H\x1b[2J")
    sys.stdout.write(text)
    sys.stdout.flush()


def coloured() -> bool:
    """Colours are wanted on standard output (https://no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
