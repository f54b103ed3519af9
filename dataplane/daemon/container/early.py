"""Clients that attach to a container before it runs: the shim's ends of their connections, until there is a shim."""

from __future__ import annotations

import socket

from dataplane.desired.refused import Refused
from dataplane.proc.message import MAX_FDS


class Early:
    """Of one container."""

    def __init__(self, id: str) -> None:
        self._id = id
        self._ends: list[socket.socket] = []

    def join(self) -> socket.socket:
        """A connection for one more. Refused: a message to a shim has room for MAX_FDS."""
        if len(self._ends) >= MAX_FDS:
            raise Refused(500, f"{MAX_FDS} clients wait for container {self._id} already", mend="start it")
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._ends.append(theirs)
        return ours

    def take(self) -> list[socket.socket]:
        """All, for a shim; whoever takes them closes them."""
        taken, self._ends = self._ends, []
        return taken

    def send_away(self) -> None:
        """None of them gets a shim."""
        for one in self.take():
            one.close()
