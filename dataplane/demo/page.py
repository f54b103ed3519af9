"""The page that a demonstration is printed on: steps, commands, tables, in one style and never wider than the terminal."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Iterable, Sequence

import click

from dataplane.cli.output import Columns, Row, rendered, styled

MARGIN = "  "
WIDEST = 100


class Page:
    """Where a demonstration writes. ``stepwise``: wait for Enter before each step."""

    def __init__(self, *, stepwise: bool = False) -> None:
        self._stepwise = stepwise
        self._number = 0
        self.width = min(WIDEST, shutil.get_terminal_size().columns)

    def title(self, text: str) -> None:
        """The name of the demonstration."""
        click.echo(styled(text, bold=True))
        click.echo(styled("─" * min(self.width, len(text)), dim=True))

    def step(self, text: str) -> None:
        """Begin a step; with ``stepwise``, when Enter is pressed."""
        if self._stepwise and self._number:
            self._wait()
        self._number += 1
        click.echo()
        click.echo(styled(f"{self._number}. {text}", bold=True, fg="cyan"))

    def say(self, text: str) -> None:
        """A paragraph."""
        click.echo(textwrap.fill(" ".join(text.split()), self.width, initial_indent=MARGIN, subsequent_indent=MARGIN))

    def by_hand(self, commands: Iterable[str], label: str = "by hand") -> None:
        """How one would do it without us: a single command beside the label, more below it."""
        held = list(commands)
        if len(held) == 1:
            click.echo(styled(f"{MARGIN}{label}: {held[0]}", dim=True))
            return
        click.echo(styled(f"{MARGIN}{label}:", dim=True))
        for command in held:
            click.echo(styled(f"{MARGIN * 2}{command}", dim=True))

    def runs(self, command: str) -> None:
        """The command that is run now."""
        click.echo(f"{MARGIN}{styled('$', dim=True)} {styled(command, bold=True)}")

    def output(self, text: str) -> None:
        """What a command said."""
        for line in text.rstrip().splitlines():
            click.echo(f"{MARGIN}{styled('│', dim=True)} {line.expandtabs()}")

    def table(self, heading: str, columns: Columns, rows: Sequence[Row]) -> None:
        """A table below its heading."""
        click.echo(f"{MARGIN}{styled(heading, underline=True)}")
        click.echo(rendered(columns, rows, margin=len(MARGIN)) if rows else f"{MARGIN}(empty)\n", nl=False)

    def ok(self, text: str) -> None:
        """What this step has shown."""
        mark = styled("✓", fg="green", bold=True)
        lines = textwrap.wrap(text, self.width - len(MARGIN) - 2)
        click.echo(f"{MARGIN}{mark} " + f"\n{MARGIN}  ".join(lines))

    def _wait(self) -> None:
        """For Enter. End of input counts as Enter: an unattended demonstration goes on."""
        prompt = f"{MARGIN}Enter: next step   Ctrl-C: clean up and end"
        sys.stdout.write("\n" + styled(prompt, dim=True))
        sys.stdout.flush()
        if not sys.stdin.readline() or not sys.stdin.isatty():
            sys.stdout.write("\n")
