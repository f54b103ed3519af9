"""``dataplane attach``."""

from __future__ import annotations

import click

from dataplane.cli.candidates import completer
from dataplane.cli.container.session import Attached, Exit, check_terminal
from dataplane.cli.daemon_names import running
from dataplane.cli.verb import Failure, Verb, words
from dataplane.client import Daemon
from dataplane.client.daemon import quoted


@click.command(cls=Verb, least=1, most=1)
@click.option("--detach-keys", metavar="string", help="The keys that detach, instead of ctrl-p,ctrl-q.")
@click.option("--no-stdin", is_flag=True, help="Send it no input.")
@click.option("--sig-proxy/--no-sig-proxy", default=True, help="Pass signals on to it.")
@words("CONTAINER", shell_complete=completer(running))
def command(detach_keys: str | None, no_stdin: bool, sig_proxy: bool, words: tuple[str, ...]) -> int:
    """Attach this terminal to the process of a container.

    ctrl-p ctrl-q leaves it running, where it has a terminal.
    """
    daemon, name = Daemon.at(), words[0]
    found = daemon.ask("GET", f"/containers/{quoted(name)}/json")
    if not found["State"]["Running"]:
        raise Failure("You cannot attach to a stopped container, start it first")
    if found["State"].get("Paused"):
        raise Failure("You cannot attach to a paused container, unpause it first")
    tty = bool(found["Config"]["Tty"])
    streams = {"stdout", "stderr"} | ({"stdin"} if found["Config"]["OpenStdin"] and not no_stdin else set())
    check_terminal(stdin="stdin" in streams, tty=tty)
    attached = Attached(daemon, name, streams=streams, tty=tty, keys=detach_keys)
    try:
        end = Exit(daemon, name, removed=False)
        if attached.carry(signals=sig_proxy):
            return 0
    finally:
        attached.close()
    return end.status()
