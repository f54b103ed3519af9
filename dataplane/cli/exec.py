"""``dataplane exec``."""

from __future__ import annotations

import os
import sys

import click

from dataplane.cli.candidates import completer, services
from dataplane.errors import UserError


@click.command(context_settings={"allow_interspersed_args": False}, options_metavar="[OPTIONS]")
@click.option("-T", "--no-tty", is_flag=True, help="No terminal, even when standard input is one.")
@click.option(
    "-e", "--env", "variables", metavar="NAME=VALUE", multiple=True, help="Set a variable; NAME alone takes this shell's."
)
@click.option("-w", "--workdir", metavar="FOLDER", help="Start in this folder.")
@click.option("-u", "--user", metavar="USER", help="Run as this user.")
@click.option("--lab", metavar="NAME", help="The running lab, where more than one has the service.")
@click.argument("service", shell_complete=completer(services))
@click.argument("words", nargs=-1, required=True, metavar="[--] CMD…", type=click.UNPROCESSED)
def command(
    *,
    no_tty: bool,
    variables: tuple[str, ...],
    workdir: str | None,
    user: str | None,
    lab: str | None,
    service: str,
    words: tuple[str, ...],
) -> int:
    """Run a command inside a service's namespaces.

    The exit status is the command's own; 125 when we failed, 126 when the command cannot be run, 127 when there is none of that
    name.
    """
    argv = words[1:] if words[0] == "--" else words
    if not argv:
        raise click.MissingParameter(param=next(p for p in command.params if p.name == "words"), ctx=click.get_current_context())
    env = dict(_variable(text) for text in variables)
    from dataplane import live

    with live.find(service, lab=lab) as client:
        tty = not no_tty and sys.stdin.isatty()
        return client.exec(service, list(argv), tty=tty, env=env, working_dir=workdir, user=user)


def _variable(text: str) -> tuple[str, str]:
    name, given, value = text.partition("=")
    if not name:
        raise UserError("a variable has no name", where=f"--env {text}", mend="write --env NAME=VALUE")
    return name, value if given else os.environ.get(name, "")
