"""A daemon's tables, as a lab has them (``looking.asking``)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dataplane.client.daemon import Daemon
from dataplane.looking.asking import Tables


class DaemonTables(Tables):
    """Of the daemon at ``host``, else at DATAPLANE_HOST, else at this user's default."""

    def __init__(self, host: str | None = None) -> None:
        super().__init__(_Below(Daemon.at(host)))


class _Below:
    """looking.asking.Asking: below /dataplane, where Docker has nothing."""

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon

    def ask(self, verb: str, path: str, **more: Any) -> Any:
        return self._daemon.ask(verb, f"/dataplane/{path}", **more)

    def text(self, verb: str, path: str, **more: Any) -> str:
        return self._daemon.octets(verb, f"/dataplane/{path}", **more).decode()

    def lines(self, verb: str, path: str, **more: Any) -> Iterator[Any]:
        return self._daemon.lines(verb, f"/dataplane/{path}", **more)
