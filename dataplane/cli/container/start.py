"""``dataplane start``."""

from __future__ import annotations

import click

from dataplane.cli.candidates import completer
from dataplane.cli.container.each import each
from dataplane.cli.container.session import Attached, Exit
from dataplane.cli.daemon_names import containers
from dataplane.cli.verb import Failure, Verb, words
from dataplane.client import Daemon
from dataplane.client.daemon import quoted


@click.command(cls=Verb, least=1)
@click.option("-a", "--attach", is_flag=True, help="Show what it writes, and pass signals on.")
@click.option("-i", "--interactive", is_flag=True, help="Pass our input on as well.")
@click.option("--detach-keys", metavar="string", help="The keys that detach, instead of ctrl-p,ctrl-q.")
@words("CONTAINER [CONTAINER...]", shell_complete=completer(containers))
def command(attach: bool, interactive: bool, detach_keys: str | None, words: tuple[str, ...]) -> int:
    """Start containers that do not run."""
    daemon = Daemon.at()
    if not attach and not interactive:
        each(
            words,
            lambda name: daemon.ask("POST", f"/containers/{quoted(name)}/start", timeout=None),
            last="Error: failed to start containers: {}",
        )
        return 0
    if len(words) > 1:
        raise Failure("you cannot start and attach multiple containers at once")
    name = words[0]
    found = daemon.ask("GET", f"/containers/{quoted(name)}/json")
    tty, removed = bool(found["Config"]["Tty"]), bool(found["HostConfig"]["AutoRemove"])
    streams = {"stdout", "stderr"} | ({"stdin"} if interactive and found["Config"]["OpenStdin"] else set())
    attached = Attached(daemon, found["Id"], streams=streams, tty=tty, keys=detach_keys)
    try:
        end = Exit(daemon, found["Id"], removed=removed)
        daemon.ask("POST", f"/containers/{found['Id']}/start", timeout=None)
        if attached.carry(signals=not tty):
            return 0
    finally:
        attached.close()
    return end.status()
