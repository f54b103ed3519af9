"""A client at a container's own streams: a connection to its shim, which hands over every octet and waits for a slow reader.

Before a container runs the connection is made all the same, and its other end given to the shim at the start: so a client sees
the first octet of a command that is over in a moment.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress
from typing import TYPE_CHECKING

from dataplane.daemon.container.logs import everything, up_to
from dataplane.daemon.container.outbox import Outbox
from dataplane.daemon.face import LogLine, Streams
from dataplane.proc.streams import STDERR, STDIN, STDOUT

if TYPE_CHECKING:
    from dataplane.daemon.container.life import Life

CHUNK = 32 * 1024
MESSAGE = 64 * 1024
_NUMBERS = {"stdout": STDOUT, "stderr": STDERR}


async def attach(life: Life, *, stdin: bool, logs: bool) -> Streams:
    """To a container that runs; to another from its next start on. ``logs``: what it wrote before comes first. Refused."""
    record = life.record
    before: list[LogLine] = []
    place = life.core.kept.place(life.id)
    if life.process is not None:
        connection, (inode, size) = await asyncio.to_thread(life.process.attach_whole)
        if logs:
            before = await asyncio.to_thread(up_to, place, inode, size)
    else:
        if logs:
            before = await asyncio.to_thread(everything, place)
        connection = life.early.join()
    life.tell("attach")
    process = record.process
    return streams(connection, tty=process.tty, stdin=stdin and process.stdin_open, once=record.stdin_once, before=before)


def streams(connection: socket.socket, *, tty: bool, stdin: bool, once: bool, before: Iterable[LogLine] = ()) -> Streams:
    """Those of an attached connection, which is theirs from now on. ``before``: what was written already. ``once``: where the
    client's input ends, by its end or by its going, the command's ends too (StdinOnce); else it stays open for the next client."""
    return _Attached(connection, tty, stdin, once).streams(before)


class _Attached:
    def __init__(self, connection: socket.socket, tty: bool, stdin: bool, once: bool) -> None:
        connection.setblocking(False)
        self._connection, self._tty = connection, tty
        self._once = once and stdin and not tty
        self._reading = self._closed = False
        self._rest: asyncio.Task[None] | None = None
        self._box = Outbox(connection.fileno(), self._send, self._end) if stdin else None

    def streams(self, before: Iterable[LogLine]) -> Streams:
        if self._box is None:
            return Streams(self._output(before), None, self._tty, self.close)
        return Streams(self._output(before), self._feed, self._tty, self.close, self._box.room)

    def _feed(self, data: bytes) -> None:
        assert self._box is not None
        for at in range(0, len(data), CHUNK):
            self._box.put(data[at : at + CHUNK])
        if not data:
            self._box.put(b"")

    def _send(self, piece: bytes) -> int:
        self._connection.send(bytes((STDIN,)) + piece)
        return len(piece)

    def _end(self) -> None:
        if self._once:
            self._connection.send(bytes((STDIN,)))

    async def _output(self, before: Iterable[LogLine]) -> AsyncIterator[tuple[int, bytes]]:
        for number, line in enumerate(before):
            yield _NUMBERS[line.stream], line.text
            if number % 256 == 0:
                await asyncio.sleep(0)
        while data := await self._receive():
            if data[0] in {STDOUT, STDERR}:
                yield data[0], data[1:]

    async def _receive(self) -> bytes:
        self._reading = True
        try:
            return await asyncio.get_running_loop().sock_recv(self._connection, MESSAGE)
        except OSError:
            return b""
        finally:
            self._reading = False
            if self._closed:
                self._connection.close()

    def close(self) -> None:
        """Detach. What was fed goes to the command all the same, and what that writes meanwhile nowhere. Idempotent."""
        if self._closed:
            return
        if self._box is not None:
            self._box.put(b"")
            if self._box.waits and not self._reading and self._rest is None:
                self._rest = asyncio.create_task(self._hand_over(self._box), name="what a client sent last")
                return
        self._close()

    def _close(self) -> None:
        if self._box is not None:
            self._box.close()
        self._closed = True
        with suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)
        if not self._reading:  # else who reads sees the end, and closes it before its number is somebody else's
            self._connection.close()

    async def _hand_over(self, box: Outbox) -> None:
        """Read on, or the command would wait for a reader; until it has taken all, or ended."""
        reading = asyncio.create_task(self._read_on())
        taken = asyncio.create_task(box.room())
        try:
            await asyncio.wait({reading, taken}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in (reading, taken):
                one.cancel()
            await asyncio.gather(reading, taken, return_exceptions=True)
            self._close()

    async def _read_on(self) -> None:
        while await self._receive():
            continue
