"""``dataplane run``."""

from __future__ import annotations

from typing import Any

import click

from dataplane.cli.container.body import attached
from dataplane.cli.container.create import created
from dataplane.cli.container.flags import container_flags
from dataplane.cli.container.session import Attached, Exit, check_terminal, start_status
from dataplane.cli.said import Said, refused
from dataplane.cli.verb import Failure, Verb, words
from dataplane.client import Daemon, Refusal


@click.command(cls=Verb, least=1, interspersed=False, said_by_us=True, implied="host")
@click.option("-d", "--detach", is_flag=True, help="Leave it to itself, and print its id.")
@click.option("--sig-proxy/--no-sig-proxy", default=True, help="Pass signals on to it.")
@container_flags
@words("IMAGE [COMMAND] [ARG...]")
@click.pass_context
def command(context: click.Context, /, detach: bool, sig_proxy: bool, words: tuple[str, ...], **given: Any) -> int:
    """Make a container and run a command in it.

    IMAGE is `host`, and `--` stands for it: the command runs on the host's own files, in network, process and mount namespaces of
    its own. The exit status is the command's own; 125 when we failed, 126 when the command cannot be run, 127 when there is none
    of that name.
    """
    if detach and given["attach"]:
        raise Said("conflicting options: cannot specify both --attach and --detach")
    streams = set() if detach else attached(given)
    if not detach:
        try:
            check_terminal(stdin="stdin" in streams, tty=given["tty"])
        except Failure as failure:
            raise Said(failure.what) from None
    daemon = Daemon.at()
    container = created(daemon, words, given, streams)
    if detach:
        try:
            _start(context, daemon, container)
        finally:
            click.echo(container)  # it is there, whether or not it runs
        return 0
    held = Attached(daemon, container, streams=streams, tty=given["tty"], keys=given["detach_keys"])
    try:
        end = Exit(daemon, container, removed=given["rm"])
        _start(context, daemon, container)
        if held.carry(signals=sig_proxy):
            return 0
    finally:
        held.close()
    return end.status()


def _start(context: click.Context, daemon: Daemon, container: str) -> None:
    try:
        daemon.ask("POST", f"/containers/{container}/start", timeout=None)
    except Refusal as refusal:
        what = f"dataplane: {refused(refusal)}\n\nRun '{context.command_path} --help' for more information"
        raise Said(what, status=start_status(refusal.what)) from None
