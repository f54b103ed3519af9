"""Lines of several services on one page: who says it, aligned and in a colour of its own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from dataplane.cli.output import styled

if TYPE_CHECKING:
    from dataplane.live.rows import LogRow

COLOURS = ("cyan", "yellow", "green", "magenta", "blue", "bright_cyan", "bright_yellow", "bright_green")


class LogLines:
    """Prints rows; ``names``: who is expected to speak, so that even the first line stands right."""

    def __init__(self, names: Iterable[str]) -> None:
        self._width = max(map(len, names), default=0)
        self._colours: dict[str, str] = {}
        self._unfinished: str | None = None

    def show(self, row: LogRow) -> None:
        """One line, or the next part of a long one."""
        who = row["instance"]
        if self._unfinished is not None and self._unfinished != who:
            click.echo()
        if self._unfinished != who:
            click.echo(self._head(who), nl=False)
        partial = bool(row.get("partial"))
        click.echo(row["text"], nl=not partial)
        self._unfinished = who if partial else None

    def _head(self, who: str) -> str:
        self._width = max(self._width, len(who))
        colour = self._colours.setdefault(who, COLOURS[len(self._colours) % len(COLOURS)])
        return styled(f"{who:{self._width}} | ", fg=colour)
