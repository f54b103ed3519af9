"""``dataplane container`` itself: the verbs of containers by their long names, and `prune`, which has no other."""

from __future__ import annotations

import click

from dataplane.cli.group import Group

VERBS = {
    "attach": "Attach this terminal to the process of a container.",
    "create": "Make a container that is started later.",
    "exec": "Run a command in a container that runs.",
    "inspect": "Show all there is about containers and networks.",
    "kill": "Kill containers, or send them a signal.",
    "logs": "Show what a container wrote.",
    "ls": "List containers.",
    "pause": "Freeze all processes of containers.",
    "port": "Show the published ports of a container, or of one port of it.",
    "prune": "Remove all containers that do not run.",
    "rename": "Give a container another name.",
    "restart": "Stop containers and start them again.",
    "rm": "Remove containers.",
    "run": "Make a container and run a command in it.",
    "start": "Start containers that do not run.",
    "stats": "Show what containers use, as it changes.",
    "stop": "Stop containers that run.",
    "top": "Show the processes of a container.",
    "unpause": "Let the processes of containers go on.",
    "wait": "Wait for containers to end, and print their exit statuses.",
}


@click.command(
    cls=Group,
    folder="dataplane.cli.container",
    verbs=VERBS,
    others={"list": "ls", "ps": "ls", "remove": "rm"},
    modules={"ls": "ps"},
)
def command() -> None:
    """Verbs of containers by their long names; prune: those that have ended."""
