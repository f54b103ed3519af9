"""What one client says to a shim over ``control.sock``, and what it is told.

Requests are JSON: ``exec`` (with three descriptors), ``signal``, ``stop``, ``attach``, ``resize``. After ``attach`` both sides
also send stream data: the number of the stream as one octet, then its bytes; none: its end. A connection carries one exec or
one attachment.

A client that does not read loses what is written meanwhile; one that said ``"whole": true`` gets all of it, and the command
waits for that client as for any reader of a pipe. The answer to ``attach`` tells it where the log is at that moment, and then
comes what the log has not got yet: a reader of both has everything once.
"""

from __future__ import annotations

import os
import signal
import socket
import time
from contextlib import suppress

from dataplane.errors import UserError
from dataplane.proc import message
from dataplane.proc.command import start_command
from dataplane.proc.loop import WRITE
from dataplane.proc.message import Body
from dataplane.proc.streams import STDIN
from dataplane.proc.users import resolve_user

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dataplane.proc.shim import Shim


LAST_WORDS = 2.0
"""Seconds that a client has to take what was written last; Docker's number."""
ROOM = 4 * 1024 * 1024
_SO_SNDBUFFORCE = 32  # asm-generic/socket.h


class Conversation:
    """One connection. ``child``: the process of its exec, 0 when that has ended, None when there was none. ``attached``: from the
    beginning, and whole."""

    def __init__(self, shim: Shim, connection: socket.socket, *, attached: bool = False) -> None:
        self._shim, self._connection = shim, connection
        self._attached = self._whole = attached
        self._unsent: list[bytes] = []
        self.child: int | None = None
        connection.setblocking(False)
        shim.loop.add(connection.fileno(), self._hear)

    def _hear(self) -> None:
        if self._unsent:
            self._send_on()
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
            self._attach(bool(body.get("whole")))
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
        limits = shim.spec["ulimits"]
        self.child = start_command(body["argv"], env, folder, user, stdio=fds, tty=body["tty"], limits=limits)

    def _attach(self, whole: bool) -> None:
        place, begun = self._shim.streams.written()
        self._attached, self._whole = True, whole
        self.tell({"tty": self._shim.spec["tty"], "log": place})
        if whole:
            for stream, text in begun:
                self.show(stream, text)

    def tell(self, body: Body) -> None:
        """Send an object. One that cannot be taken now is lost: the client has stopped reading, or gone."""
        with suppress(OSError):
            message.send(self._connection, body)

    def show(self, stream: int, data: bytes) -> None:
        """Send what the command wrote to an attached client. One that does not read gets nothing, and never slows the service;
        unless it wants the whole."""
        if not self._attached:
            return
        if self._whole:
            self._unsent.append(bytes((stream,)) + data)
            self._send_on()
            return
        with suppress(OSError):
            self._connection.send(bytes((stream,)) + data)

    def _send_on(self) -> None:
        number = self._connection.fileno()
        try:
            while self._unsent:
                self._connection.send(self._unsent[0])
                del self._unsent[0]
        except BlockingIOError:
            self._shim.streams.hold(number)
            self._shim.loop.resume(number, WRITE)
            return
        except OSError:  # it is gone
            self._unsent.clear()
        self._shim.streams.release(number)
        self._shim.loop.pause(number, WRITE)

    def finish(self, deadline: float) -> None:
        """Nothing comes any more: hand over what waits, by ``deadline`` (of time.monotonic)."""
        if self._unsent:
            with suppress(OSError):
                # Root's socket takes it all at once, and this process need not wait.
                self._connection.setsockopt(socket.SOL_SOCKET, _SO_SNDBUFFORCE, ROOM)
            with suppress(OSError):
                for data in self._unsent:
                    self._connection.settimeout(max(0.001, deadline - time.monotonic()))
                    self._connection.send(data)
            self._connection.setblocking(False)

    def close(self) -> None:
        """Let go of the connection. An exec that runs goes on."""
        self._shim.streams.release(self._connection.fileno())
        self._shim.loop.remove(self._connection.fileno())
        self._connection.close()
