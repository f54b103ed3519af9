"""``dataplane exec`` in a container of a daemon."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import click

from dataplane.cli.candidates import completer
from dataplane.cli.container.body import variables
from dataplane.cli.container.flags import ENV, LIST
from dataplane.cli.container.session import OURS, check_terminal, codes, start_status
from dataplane.cli.daemon_names import running
from dataplane.cli.said import Said, refused
from dataplane.cli.verb import Verb, words
from dataplane.client import Daemon, Refusal, terminal
from dataplane.client.carry import carry
from dataplane.client.daemon import quoted


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
        return _started(daemon, made, detach=detach, tty=tty, stdin=0 if stdin else None, keys=given["detach_keys"])
    except Refusal as refusal:
        status = start_status(refusal.what)
        raise Said(refused(refusal), status=1 if status == OURS else status) from None


def _started(daemon: Daemon, made: str, *, detach: bool, tty: bool, stdin: int | None, keys: str | None) -> int:
    path = f"/exec/{made}/start"
    if detach:
        daemon.ask("POST", path, body={"Detach": True, "Tty": tty})
        return 0
    screen = (stdin if stdin is not None else 1) if tty else None
    size = terminal.size(screen)
    asked = {"Detach": False, "Tty": tty, **({"ConsoleSize": list(size)} if size else {})}

    def tell(rows: int, columns: int) -> None:
        daemon.ask("POST", f"/exec/{made}/resize", query={"h": rows, "w": columns})

    sock, early, _ = daemon.hijack("POST", path, body=asked)
    with sock, ExitStack() as held:
        if tty:
            held.enter_context(terminal.resizing(screen, tell))
            held.enter_context(terminal.raw(stdin))
        watched = codes(keys) if tty and stdin is not None else b""
        if carry(sock, early, (stdin, 1, 2), multiplexed=not tty, keys=watched):
            raise Said("read escape sequence")  # docker's words; the command goes on
    return int(daemon.ask("GET", f"/exec/{made}/json")["ExitCode"] or 0)
