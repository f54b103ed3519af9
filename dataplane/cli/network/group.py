"""``dataplane network`` itself."""

from __future__ import annotations

import importlib

import click

from dataplane.cli.said import Said
from dataplane.looking.nearest import nearest

VERBS = {
    "connect": "Connect a container to a network, also while it runs.",
    "create": "Create a network.",
    "disconnect": "Disconnect a container from a network, also while it runs.",
    "inspect": "Show all there is about networks.",
    "links": "Show the bridges of networks, UP while a container is on them.",
    "ls": "List networks.",
    "prune": "Remove all networks that no container uses.",
    "rm": "Remove networks.",
}
ALIASES = {"list": "ls", "remove": "rm"}


class Group(click.Group):
    """Its commands live in ``dataplane.cli.network.<verb>``."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 Click's own face
        """Every verb."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 Click's own face
        """The command of one verb, None when there is none of that name."""
        name = ALIASES.get(cmd_name, cmd_name)
        if name not in VERBS:
            return None
        command = importlib.import_module(f"dataplane.cli.network.{name}").command
        assert isinstance(command, click.Command)
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """The command of the first word; a wrong one is told in Docker's words."""
        if not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            path = ctx.command_path
            near = nearest(args[0], VERBS)
            mend = f"\n  mend:  {near.strip()}" if near else ""
            raise Said(
                f"dataplane: unknown command: {path} {args[0]}{mend}\n\nUsage:  {path}\n\nRun '{path} --help' for more information"
            )
        name, command, rest = super().resolve_command(ctx, args)
        return ALIASES.get(name or "", name), command, rest

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 Click's own face
        """From the table alone: no verb is imported for it."""
        with formatter.section("Commands"):
            formatter.write_dl(list(VERBS.items()))


@click.command(
    cls=Group,
    subcommand_metavar="COMMAND",
    context_settings={"help_option_names": ["--help"], "terminal_width": 80, "max_content_width": 80},
)
def command() -> None:
    """Create, list, join and leave networks of the daemon."""
