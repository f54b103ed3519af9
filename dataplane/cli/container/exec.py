"""``dataplane exec`` in a container of a daemon."""

from __future__ import annotations

from typing import Any

import click

from dataplane.cli.candidates import completer
from dataplane.cli.container.body import variables
from dataplane.cli.container.flags import ENV, LIST
from dataplane.cli.container.session import OURS, check_terminal, codes, start_status
from dataplane.cli.daemon_names import running
from dataplane.cli.said import Said, refused
from dataplane.cli.verb import Verb, words
from dataplane.client import Daemon, Refusal
from dataplane.client.daemon import quoted
from dataplane.client.execution import executed


@click.command(cls=Verb, least=2, interspersed=False)
@click.option("-d", "--detach", is_flag=True, help="Leave it to itself.")
@click.option("--detach-keys", metavar="string", help="The keys that detach, instead of ctrl-p,ctrl-q.")
@click.option("-e", "--env", type=ENV, multiple=True, help="Set a variable.")
@click.option("--env-file", type=LIST, multiple=True, help="Set the variables of a file.")
@click.option("-i", "--interactive", is_flag=True, help="Pass our input on.")
@click.option("--privileged", is_flag=True, help="Here nothing more than without.")
@click.option("-t", "--tty", is_flag=True, help="A terminal.")
@click.option("-u", "--user", metavar="string", help="Run as USER[:GROUP].")
@click.option("-w", "--workdir", metavar="string", help="Working folder.")
@words("CONTAINER COMMAND [ARG...]", shell_complete=completer(running))
def command(words: tuple[str, ...], **given: Any) -> int:
    """Run a command in a container that runs.

    The exit status is the command's own; 126 when the command cannot be run, 127 when there is none of that name.
    """
    name, *argv = words
    argv = argv[1:] if argv[0] == "--" else argv
    detach, tty, stdin = given["detach"], given["tty"], given["interactive"] and not given["detach"]
    if not detach:
        check_terminal(stdin=stdin, tty=tty)
    daemon = Daemon.at()
    wish = {
        "Cmd": argv,
        "Tty": tty,
        "AttachStdin": stdin,
        "AttachStdout": not detach,
        "AttachStderr": not detach,
        "Env": variables(given["env_file"], given["env"]),
        "User": given["user"] or "",
        "WorkingDir": given["workdir"] or "",
        "Privileged": given["privileged"],
        "DetachKeys": given["detach_keys"] or "",
    }
    made = daemon.ask("POST", f"/containers/{quoted(name)}/exec", body=wish)["Id"]
    try:
        if detach:
            daemon.ask("POST", f"/exec/{made}/start", body={"Detach": True, "Tty": tty})
            return 0
        keys = codes(given["detach_keys"]) if tty and stdin else b""
        ended = executed(daemon, made, (0 if stdin else None, 1, 2), tty=tty, keys=keys)
    except Refusal as refusal:
        status = start_status(refusal.what)
        raise Said(refused(refusal), status=1 if status == OURS else status) from None
    if ended is None:
        raise Said("read escape sequence")  # docker's words; the command goes on
    return ended
