"""What one client says to a shim over ``control.sock``, and what it is told.

Requests are JSON: ``exec`` (with three descriptors), ``signal``, ``stop``, ``attach``, ``resize``. After ``attach`` both sides
also send stream data: the number of the stream as one octet, then its bytes; none: its end. A connection carries one exec or
one attachment.
"""

from __future__ import annotations

import os
import signal
import socket
from contextlib import suppress

from dataplane.errors import UserError
from dataplane.proc import message
from dataplane.proc.command import start_command
from dataplane.proc.message import Body
from dataplane.proc.streams import STDIN
from dataplane.proc.users import resolve_user

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dataplane.proc.shim import Shim


class Conversation:
    """One connection. ``child``: the process of its exec, 0 when that has ended, None when there was none."""

    def __init__(self, shim: Shim, connection: socket.socket) -> None:
        self._shim, self._connection = shim, connection
        self._attached = False
        self.child: int | None = None
        connection.setblocking(False)
        shim.loop.add(connection.fileno(), self._hear)

    def _hear(self) -> None:
        try:
            data, fds = message.receive_raw(self._connection)
        except BlockingIOError:
            return
        except OSError:
            data, fds = b"", []
        try:
            if not data:
                self._shim.hang_up(self)
            elif data[0] == STDIN:
                if self._attached:
                    self._shim.streams.feed(data[1:], self._connection.fileno())
            else:
                self._answer(message.parse(data), fds)
        except Exception as error:  # nothing that a client says may end the service
            self.tell(message.failure(error))
        finally:
            for fd in fds:
                os.close(fd)

    def _answer(self, body: Body, fds: list[int]) -> None:
        verb = body["do"]
        if verb == "exec":
            self._exec(body, fds)
            self.tell({"pid": self.child})
        elif verb == "attach":
            self._attached = True
            self.tell({"tty": self._shim.spec["tty"]})
        elif verb == "signal":
            self._signal(body["signal"])
            self.tell({})
        elif verb == "stop":
            grace = float(body["grace"])
            self.tell({})
            self._shim.stop(grace)
        elif verb == "resize":
            self._shim.streams.resize(body["rows"], body["columns"])
            self.tell({})
        else:
            raise UserError(f"a shim knows no request {verb}")

    def _signal(self, number: int) -> None:
        if self.child is None:
            self._shim.signal(self._shim.command, number)
        elif self.child:
            # An exec leads a group of its own: what is killed for taking too long leaves no children.
            (os.killpg if number == signal.SIGKILL else os.kill)(self.child, number)

    def _exec(self, body: Body, fds: list[int]) -> None:
        shim = self._shim
        if len(fds) != 3 or self.child is not None:
            raise UserError("an exec has three streams, and a connection one exec")
        user = resolve_user(body["user"] or shim.spec["user"], shim.privileged)
        env = {**shim.env, **({"TERM": "xterm"} if body["tty"] else {}), **body["env"]}
        folder = body["working_dir"] or shim.spec["working_dir"]
        self.child = start_command(body["argv"], env, folder, user, stdio=fds, tty=body["tty"])

    def tell(self, body: Body) -> None:
        """Send an object. One that cannot be taken now is lost: the client has stopped reading, or gone."""
        with suppress(OSError):
            message.send(self._connection, body)

    def show(self, stream: int, data: bytes) -> None:
        """Send what the command wrote to an attached client; to one that does not read, nothing: it never slows the service."""
        if self._attached:
            with suppress(OSError):
                self._connection.send(bytes((stream,)) + data)

    def close(self) -> None:
        """Let go of the connection. An exec that runs goes on."""
        self._shim.loop.remove(self._connection.fileno())
        self._connection.close()
