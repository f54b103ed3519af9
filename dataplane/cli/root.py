"""The ``dataplane`` command itself: the table of verbs, each imported when it is used, and the help that lists them."""

from __future__ import annotations

import importlib
import shlex

import click

import dataplane
from dataplane.cli.nearest import suggest
from dataplane.cli.whose import DAEMON, SHARED, of_daemon
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
        "graph": "Draw the network of a file, a running lab or the daemon.",
        "port": "Show published ports.",
        "rules": "Show what may pass between networks, and as what.",
        "nat": "Show which addresses are being translated.",
        "conntrack": "Show, count or forget the gateway's connections.",
        "routes": "Show where the gateway sends packets.",
        "neighbors": "Show the stations that the gateway knows.",
        "capture": "Capture what crosses an interface of a container or a service, as pcapng.",
        "vtep": "Show overlays, the VTEPs they reach, and who is behind those.",
    },
    "Networks and containers of a daemon (Docker's words)": {
        "daemon": "Run the daemon whose API is Docker's: networks and containers that stay.",
        "network": "Create, list, join and leave networks of the daemon.",
        "container": "Verbs of containers by their long names; prune: those that have ended.",
        "run": "Make a container and run a command in it.",
        "create": "Make a container that is started later.",
        "start": "Start containers that do not run.",
        "stop": "Stop containers that run.",
        "restart": "Stop containers and start them again.",
        "kill": "Kill containers, or send them a signal.",
        "rm": "Remove containers.",
        "inspect": "Show all there is about containers and networks.",
        "attach": "Attach this terminal to the process of a container.",
        "wait": "Wait for containers to end, and print their exit statuses.",
        "rename": "Give a container another name.",
        "pause": "Freeze all processes of containers.",
        "unpause": "Let the processes of containers go on.",
        "top": "Show the processes of a container.",
        "dns": "Show what containers asked their name servers, and why the answer.",
        "events": "Show what happens to networks and containers, as it happens.",
    },
    "Without a lab": {
        "config": "Show a Compose file as it is understood.",
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

OF_CONTAINERS = frozenset(SECTIONS["Networks and containers of a daemon (Docker's words)"]) - {"daemon", "network", "container"}
MODULES = {"network": "network.group", "container": "container.group", **{verb: f"container.{verb}" for verb in OF_CONTAINERS}}
"""Where a verb's command is, for those that are not in ``dataplane.cli.<verb>``."""

HELP = """Container networking outside the kernel: network namespaces joined by a userspace packet engine, as a Compose file says.

\b
  dataplane demo bridge    watch it work; `demo nat`: through a gateway,
                           `demo vxlan`: from host to host
  dataplane up FILE        start the lab of a Compose file
  dataplane replay FILE    send captures through its network, without root
  dataplane daemon         Docker's networks, by `docker` or the verbs below
"""
EPILOG = (
    "`ps`, `exec`, `logs` and all that look inside show a daemon's containers where no lab runs, and with --daemon behind the verb."
    " `dataplane COMMAND --help` says more of each. Exit status: 0 done, 1 the work failed, 2 the words were wrong."
)


class Verbs(click.Group):
    """A group whose commands live in ``dataplane.cli.<verb>`` and are imported when they are called for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 Click's own face
        """Every verb, in the order of the help."""
        return [verb for section in SECTIONS.values() for verb in section]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of one verb, None when there is none of that name."""
        if cmd_name not in self.list_commands(ctx):
            return None
        return _command(MODULES.get(cmd_name, cmd_name))

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """The command of the first word; a wrong word is answered with the nearest right ones."""
        if self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            raise UserError(
                f"there is no command {args[0]}",
                where=shlex.join(["dataplane", *args]),
                mend=suggest(args[0], self.list_commands(ctx), "dataplane --help"),
            )
        if args[0] in SHARED and of_daemon(args):
            return args[0], _command(f"container.{args[0]}"), [word for word in args[1:2] if word != DAEMON] + args[2:]
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


def _command(name: str) -> click.Command:
    command = importlib.import_module(f"dataplane.cli.{name}").command
    assert isinstance(command, click.Command)
    return command


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
