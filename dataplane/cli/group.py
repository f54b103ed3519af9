"""A word with verbs of its own behind it, as Docker has them: `network ls`, `container prune`."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

import click

from dataplane.cli.said import Said
from dataplane.looking.nearest import nearest


class Group(click.Group):
    """``verbs``: those that there are, with a line of help each; ``others``: further names of theirs.

    The command of each is in ``folder.<verb>``, or where ``modules`` says, and is imported when it is called for."""

    def __init__(
        self,
        *args: Any,
        folder: str,
        verbs: Mapping[str, str],
        others: Mapping[str, str],
        modules: Mapping[str, str] | None = None,
        **more: Any,
    ) -> None:
        self.folder, self.verbs, self.others, self.modules = folder, verbs, others, modules or {}
        settings = {"help_option_names": ["--help"], "terminal_width": 80, "max_content_width": 80}
        super().__init__(*args, **{"subcommand_metavar": "COMMAND", **more, "context_settings": settings})

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 Click's own face
        """Every verb."""
        return list(self.verbs)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 Click's own face
        """The command of one verb, None when there is none of that name."""
        name = self.others.get(cmd_name, cmd_name)
        if name not in self.verbs:
            return None
        command = importlib.import_module(f"{self.folder}.{self.modules.get(name, name)}").command
        assert isinstance(command, click.Command)
        return command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Without a verb it says, as Docker does, which there are, and that is no failure."""
        if not args and not ctx.resilient_parsing:
            click.echo(ctx.get_help(), err=True)
            ctx.exit(0)
        return super().parse_args(ctx, args)

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """The command of the first word; a wrong one is told in Docker's words."""
        if not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            path = ctx.command_path
            near = nearest(args[0], self.verbs)
            mend = f"\n  mend:  {near.strip()}" if near else ""
            raise Said(
                f"dataplane: unknown command: {path} {args[0]}{mend}\n\nUsage:  {path}\n\nRun '{path} --help' for more information"
            )
        name, command, rest = super().resolve_command(ctx, args)
        return self.others.get(name or "", name), command, rest

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 Click's own face
        """From the table alone: no verb is imported for it."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self.verbs.items()))
