"""The client's side of exec: a connection that stops speaking HTTP, between our descriptors and the command's (see ``execs``)."""

from __future__ import annotations

import signal
from typing import Any

from dataplane.client import terminal
from dataplane.client.carry import Three, carry
from dataplane.errors import UserError
from dataplane.live.connection import Connection

UPGRADE = {"Connection": "Upgrade", "Upgrade": "tcp"}


def run(connection: Connection, service: str, wanted: dict[str, Any], stdio: Three) -> int:
    """Create, start, carry, and ask how it ended: the exit status."""
    from urllib.parse import quote

    stdin = stdio[0]
    screen = stdin if wanted["tty"] else None
    if wanted["tty"]:
        wanted["size"] = terminal.size(stdin)
    made = connection.ask("POST", f"instances/{quote(service, safe='')}/exec", body=wanted)["id"]

    def tell(rows: int, columns: int) -> None:
        connection.ask("POST", f"exec/{made}/resize", query={"h": rows, "w": columns})

    http, response = connection.open("POST", f"exec/{made}/start", headers=UPGRADE, timeout=None)
    try:
        if response.status != 101 or http.sock is None:
            raise UserError("the lab did not hand over the connection", mend="is it of another version? down, then up", status=1)
        http.sock.setblocking(False)
        early = response.fp.peek() if response.fp is not None else b""  # what came right behind the header
        http.sock.setblocking(True)
        with terminal.raw(screen), terminal.resizing(screen, tell):
            carry(http.sock, early, stdio, multiplexed=not wanted["tty"])
    finally:
        response.close()
        http.close()
    status = connection.ask("GET", f"exec/{made}")["exit"]
    return 128 + signal.SIGKILL if status is None else int(status)
