"""What a verb prints: aligned tables for people, JSON for programs. Rich is imported when the first table is printed."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import click

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

UNBOUNDED = 10_000
"""Columns of a page that nobody looks at: what reads a pipe wants whole values, one row a line."""
GAP = 2
SHORTEST = 12
"""Columns between two cells, and the least that is left of one that is cut."""


def console() -> Console:
    """Rich's console on standard output: the terminal's width and colours, or neither when it is none."""
    from rich.console import Console

    return Console(width=page_width(), highlight=False, markup=False, emoji=False, soft_wrap=False)


def page_width() -> int:
    """Columns of standard output."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else UNBOUNDED


def print_json(value: object) -> None:
    """One JSON document, keys in their order; compact, one line, when nobody looks."""
    click.echo(json.dumps(value, indent=2 if sys.stdout.isatty() else None, default=str, ensure_ascii=False))


class Styled(NamedTuple):
    """A cell with a colour, which terminals show."""

    text: str
    style: str


Columns = Mapping[str, str]
"""Heading -> ``left``, ``right`` or ``cut`` (left, and cut where a terminal ends); trailing blanks make equal headings differ."""
Row = Sequence[object]


def print_table(columns: Columns, rows: Iterable[Row], *, nothing: str = "") -> None:
    """Print a table; ``nothing`` is said instead of an empty one."""
    held = list(rows)
    if held:
        sys.stdout.write(rendered(columns, held))
    elif nothing:
        click.echo(nothing)


def make_table(columns: Columns, rows: Iterable[Row]) -> Table:
    """A borderless table, headings bold, columns two blanks apart, long cells folded where a terminal ends."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0), header_style="bold")
    for heading, side in columns.items():
        table.add_column(heading.rstrip(), justify="right" if side == "right" else "left", overflow="fold")
    held = [[cell if isinstance(cell, Styled) else Styled(_text(cell), "") for cell in row] for row in rows]
    limits = _limits(columns, held, page_width())
    for row in held:
        table.add_row(*(Text(_cut(cell.text, limit), cell.style) for cell, limit in zip(row, limits, strict=True)))
    return table


def _limits(columns: Columns, rows: Sequence[Sequence[Styled]], width: int) -> list[int]:
    """How long a cell of each column may be: those to be cut share what the others leave, the rest has no limit."""
    longest = [
        max([len(heading), *(len(line) for row in rows for line in row[number].text.split("\n"))])
        for number, heading in enumerate(columns)
    ]
    kept = [length for length, side in zip(longest, columns.values(), strict=True) if side != "cut"]
    left = max(SHORTEST, (width - sum(kept) - GAP * len(columns)) // max(1, len(columns) - len(kept)))
    return [left if side == "cut" else UNBOUNDED for side in columns.values()]


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


def rendered(columns: Columns, rows: Iterable[Row], margin: int = 0) -> str:
    """A table as text as standard output would show it, ``margin`` blanks in front; no line ends in blanks."""
    from rich.padding import Padding

    out = console()
    with out.capture() as capture:
        out.print(Padding(make_table(columns, rows), (0, 0, 0, margin), expand=False))
    return "".join(f"{line.rstrip()}\n" for line in capture.get().splitlines())


def _text(cell: object) -> str:
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, int):
        return f"{cell:,}"
    return "-" if cell is None else str(cell)


def page(text: str) -> None:
    """Replace what the terminal shows (``--watch``); where there is no terminal, print one page after another."""
    if sys.stdout.isatty():
        # Home; each line clears its own rest, the last all below: nothing flickers.
        text = "\x1b[H" + text.replace("\n", "\x1b[K\n") + "\x1b[J"
    sys.stdout.write(text)
    sys.stdout.flush()


def styled(text: str, **style: Any) -> str:
    """``text`` in a style of ``click.style``, where colours are wanted."""
    return click.style(text, **style) if coloured() else text


def coloured() -> bool:
    """Colours are wanted on standard output (https://no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
