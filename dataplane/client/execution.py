"""An exec of a daemon that was created: started, carried between our descriptors and its streams, and asked how it ended."""

from __future__ import annotations

from contextlib import ExitStack

from dataplane.client import terminal
from dataplane.client.carry import Three, carry
from dataplane.client.daemon import Daemon


def executed(daemon: Daemon, made: str, stdio: Three, *, tty: bool = False, keys: bytes = b"") -> int | None:
    """Its exit status; None where the user left it by ``keys``. ``tty``: on a terminal there, ``stdio`` being one here."""
    path, stdin = f"/exec/{made}/start", stdio[0]
    screen = (stdin if stdin is not None else stdio[1]) if tty else None
    size = terminal.size(screen)
    asked = {"Detach": False, "Tty": tty, **({"ConsoleSize": list(size)} if size else {})}

    def tell(rows: int, columns: int) -> None:
        daemon.ask("POST", f"/exec/{made}/resize", query={"h": rows, "w": columns})

    sock, early, _ = daemon.hijack("POST", path, body=asked)
    with sock, ExitStack() as held:
        if tty:
            held.enter_context(terminal.resizing(screen, tell))
            held.enter_context(terminal.raw(stdin))
        if carry(sock, early, stdio, multiplexed=not tty, keys=keys):
            return None
    return int(daemon.ask("GET", f"/exec/{made}/json")["ExitCode"] or 0)
