"""A command that runs inside a service beside its own: wait for it, signal it, collect what it wrote."""

from __future__ import annotations

import os
import select
import signal
import socket
import time

from dataplane.proc import message


class Execution:
    """A running exec, ``pid`` inside. ``fileno()`` is readable when it has ended. Closing it leaves the command alone."""

    def __init__(self, connection: socket.socket, pid: int = 0) -> None:
        self._connection, self.pid = connection, pid

    def fileno(self) -> int:
        """Readable when there is news."""
        return self._connection.fileno()

    def wait(self, timeout: float | None = None) -> int | None:
        """The exit status as shells count; None when ``timeout`` seconds passed. 137 when the service ended meanwhile."""
        self._connection.settimeout(timeout)
        try:
            while True:
                reply, _fds = message.receive(self._connection)
                if reply is None:
                    return 128 + signal.SIGKILL
                if "exit" in reply:
                    return int(reply["exit"])
        except (TimeoutError, BlockingIOError):  # the latter with a timeout of 0: nothing, or only answers to our requests
            return None

    def signal(self, number: int) -> None:
        """Send it a signal."""
        message.send(self._connection, {"do": "signal", "signal": number})

    def collect(self, output: int, timeout: float, limit: int) -> tuple[int | None, bytes]:
        """Read ``output`` and wait, both until ``timeout`` seconds from now; then SIGKILL. Status and first ``limit`` octets."""
        deadline = time.monotonic() + timeout
        kept = b""
        poll = select.poll()
        poll.register(output, select.POLLIN)
        poll.register(self._connection, select.POLLIN)
        try:
            while (left := deadline - time.monotonic()) > 0:
                ready = {fd for fd, _events in poll.poll(left * 1000)}
                if output in ready:
                    data = os.read(output, 65536)
                    kept += data[: limit - len(kept)]
                    if not data:
                        poll.unregister(output)
                elif ready:
                    return self.wait(), kept
            self.signal(signal.SIGKILL)
            return None, kept
        finally:
            self.close()

    def close(self) -> None:
        """Let go of it."""
        self._connection.close()
