"""HTTP over a unix socket, from the standard library."""

from __future__ import annotations

import http.client
import os
import socket


class UnixConnection(http.client.HTTPConnection):
    """To a socket in a folder; by a descriptor, for the path may be longer than an address can be."""

    def __init__(self, path: str, timeout: float | None, host: str = "docker") -> None:
        super().__init__(host, timeout=timeout)
        self._path = path

    def connect(self) -> None:
        """See http.client. OSError where nobody listens."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        name = os.path.basename(self._path)  # noqa: PTH119 a text
        folder = os.open(os.path.dirname(self._path) or ".", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)  # noqa: PTH120
        try:
            self.sock.settimeout(self.timeout)
            self.sock.connect(f"/proc/self/fd/{folder}/{name}")
        finally:
            os.close(folder)
