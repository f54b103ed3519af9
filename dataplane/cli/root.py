"""The ``dataplane`` command itself: the table of verbs, each imported when it is used, and the help that lists them."""

from __future__ import annotations

import importlib
import shlex

import click

import dataplane
from dataplane.cli.nearest import suggest
from dataplane.errors import UserError

SECTIONS: dict[str, dict[str, str]] = {
    "Run a lab": {
        "up": "Start the lab of a Compose file, or apply its changes.",
        "down": "End a lab and remove everything it made.",
        "ps": "List labs and their services.",
        "exec": "Run a command inside a service's namespaces.",
        "logs": "Show what services wrote.",
    },
    "Look inside": {
        "stats": "Count frames and bytes, port by port.",
        "drops": "Say which frames were dropped, and why.",
        "fdb": "Show the stations that a bridge has learned.",
        "graph": "Draw the network of a file or a running lab.",
        "port": "Show published ports.",
        "rules": "Show what may pass between networks, and as what.",
        "nat": "Show which addresses are being translated.",
        "conntrack": "Show, count or forget the gateway's connections.",
        "routes": "Show where a lab's gateway sends packets.",
        "neighbors": "Show the stations that a lab's gateway knows.",
        "vtep": "Show overlays, the VTEPs they reach, and who is behind those.",
    },
    "Without a lab": {
        "replay": "Send capture files through a file's network.",
        "encap": "Put every frame of a capture into VXLAN.",
        "decap": "Take the frames of a capture out of VXLAN.",
        "bench": "Measure what a frame costs.",
        "demo": "Watch namespaces talk through our bridge, step by step.",
        "doctor": "Check what this kernel and this user can do.",
        "completion": "Print the completion script of a shell.",
    },
}
"""Verbs by section, with the one line the top-level help says of each: a test compares it with the verb's own."""

HELP = """Container networking outside the kernel: network namespaces joined by a userspace packet engine, as a Compose file says.

\b
  dataplane demo bridge    watch it work; `demo nat`: through a gateway,
                           `demo vxlan`: from host to host
  dataplane up FILE        start the lab of a Compose file
"""
EPILOG = "`dataplane COMMAND --help` says more of each. Exit status: 0 done, 1 the work failed, 2 the words were wrong."


class Verbs(click.Group):
    """A group whose commands live in ``dataplane.cli.<verb>`` and are imported when they are called for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 Click's own face
        """Every verb, in the order of the help."""
        return [verb for section in SECTIONS.values() for verb in section]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of one verb, None when there is none of that name."""
        if cmd_name not in self.list_commands(ctx):
            return None
        module = importlib.import_module(f"dataplane.cli.{cmd_name}")
        command = module.command
        assert isinstance(command, click.Command)
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """The command of the first word; a wrong word is answered with the nearest right ones."""
        if self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            raise UserError(
                f"there is no command {args[0]}",
                where=shlex.join(["dataplane", *args]),
                mend=suggest(args[0], self.list_commands(ctx), "dataplane --help"),
            )
        return super().resolve_command(ctx, args)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The verbs first: they are what a reader looks for."""
        self.format_commands(ctx, formatter)
        click.Command.format_options(self, ctx, formatter)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The verbs in sections, from the table alone: no verb is imported for it."""
        width = max(len(verb) for verb in self.list_commands(ctx))
        for title, verbs in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(verb.ljust(width), line) for verb, line in verbs.items()])


@click.group(
    cls=Verbs,
    help=HELP,
    epilog=EPILOG,
    options_metavar="",
    subcommand_metavar="COMMAND [ARGS]…",
    context_settings={"help_option_names": ["-h", "--help"], "terminal_width": 80, "max_content_width": 80},
)
@click.version_option(dataplane.__version__, "-V", "--version", message="dataplane %(version)s")
def root() -> None:
    """Everything is in the verbs."""


def help_text() -> str:
    """What ``dataplane --help`` says. ``help.txt`` holds the same, to be said without Click; write it again with

    python -c "from dataplane.cli.root import help_text; print(help_text(), end='')" > dataplane/cli/help.txt
    """
    with root.make_context("dataplane", [], resilient_parsing=True) as context:
        return root.get_help(context) + "\n"
