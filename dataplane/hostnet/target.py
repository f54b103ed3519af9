"""Where a relay carries to."""

from __future__ import annotations

import socket
from dataclasses import dataclass

from dataplane.hostnet import place


@dataclass(frozen=True, slots=True)
class Target:
    """Where a relay carries to: an address and a port, reached from the namespace at ``path`` (None: this process's own)."""

    host: str
    port: int
    path: str | None = None

    def socket(self, kind: int) -> socket.socket:
        """A socket that may connect there."""
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        return place.inside(self.path, lambda: socket.socket(family, kind | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC))

    @property
    def address(self) -> tuple[str, int]:
        """As sockets have it."""
        return self.host, self.port
