"""Attach and exec: the connection stops speaking HTTP and carries a process's streams.

A client that has finished sending goes on reading; what it leaves unread is not kept in memory, the process waits for it.
"""

from __future__ import annotations

import asyncio
import fcntl
import struct
import termios
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import suppress

from aiohttp import web

from dataplane.api.call import Call
from dataplane.daemon.face import Streams
from dataplane.desired.refused import Refused
from dataplane.detach import DEFAULT, Watcher, key_codes
from dataplane.framing import framed
from dataplane.live.hijack import hung_up, take_over

RAW, MULTIPLEXED = "application/vnd.docker.raw-stream", "application/vnd.docker.multiplexed-stream"
CHUNK = 64 * 1024
MOST = 4096
"""Connections that carry streams at once: each costs descriptors."""
HEAD = 0.05
"""Seconds that a client has for reading the answer's head before its streams follow."""
LOOK = 0.5
"""Seconds between looks whether a silent client is still there."""


class Takeovers:
    """The connections that were taken over, so that they end with the server."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def make_room(self) -> None:
        """Refused when there is none."""
        if len(self._tasks) >= MOST:
            raise Refused(503, "too many streams at once")

    def carry(self, streams: Streams, ways: Ways, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Go on by itself until the process's streams or the client have ended."""
        self.begin(_carry(streams, ways, reader, writer))

    def begin(self, carrying: Coroutine[None, None, None]) -> asyncio.Task[None]:
        """One more of them, however it carries."""
        task = asyncio.create_task(carrying, name="streams of a container")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def close(self) -> None:
        """Cut them all off."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


class Ways:
    """Which streams a client wants, and the keys by which it leaves (b"": none)."""

    def __init__(self, *, stdin: bool, stdout: bool, stderr: bool, detach: bytes = b"") -> None:
        self.stdin = stdin
        self.wanted = {number for number, wanted in ((1, stdout), (2, stderr)) if wanted}
        self.detach = detach


def keys(text: str) -> bytes:
    """`ctrl-p,ctrl-q`, `ctrl-],x`; "" is Docker's default. Refused 400."""
    try:
        return key_codes(text or DEFAULT)
    except ValueError:
        raise Refused(400, f"Invalid detach keys ({text[:64]}) provided") from None


def head(call: Call, *, tty: bool) -> bytes:
    """The last of HTTP: 101 to who asked for an upgrade, else 200."""
    kind = RAW if tty or call.version < (1, 42) else MULTIPLEXED
    if call.request.headers.get("Upgrade", "").lower() == "tcp":
        return f"HTTP/1.1 101 UPGRADED\r\nContent-Type: {kind}\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n".encode()
    return f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\n\r\n".encode()


async def answer_with(call: Call, takeovers: Takeovers, streams: Streams, ways: Ways) -> web.StreamResponse:
    """Carry the streams on this request's connection. aiohttp's own answer goes nowhere."""
    try:
        reader, writer = await take_over(call.request, head(call, tty=streams.tty))
    except BaseException:
        streams.close()
        raise
    takeovers.carry(streams, ways, reader, writer)
    return web.Response()


async def _carry(streams: Streams, ways: Ways, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    inward = asyncio.create_task(_inward(streams, ways, reader))
    outward = asyncio.create_task(_outward(streams, ways, writer))
    gone = asyncio.create_task(_gone(writer))
    detached = asyncio.create_task(_detached(inward))
    every = (inward, outward, gone, detached)
    try:
        await asyncio.wait({outward, gone, detached}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        streams.close()
        for task in every:
            task.cancel()
        await asyncio.gather(*every, return_exceptions=True)
        with suppress(OSError):
            if writer.can_write_eof():
                writer.write_eof()
        writer.close()


async def _inward(streams: Streams, ways: Ways, reader: asyncio.StreamReader) -> bool:
    """True: the client has typed its keys for leaving."""
    feed = streams.feed if ways.stdin else None
    watcher = Watcher(ways.detach) if ways.detach and streams.tty else None
    with suppress(OSError):
        while data := await reader.read(CHUNK):
            leaves = False
            if watcher is not None:
                data, leaves = watcher.feed(data)
            if data and feed is not None:
                feed(data)
                await streams.room()
            if leaves:
                return True
        if feed is not None:
            feed(b"")
    return False


async def _detached(inward: asyncio.Task[bool]) -> None:
    """Until the client leaves by its keys: the end of its input is no such thing."""
    if not await asyncio.shield(inward):
        await asyncio.Event().wait()


async def _outward(streams: Streams, ways: Ways, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        await _head_is_read(writer.get_extra_info("socket").fileno())
        async for stream, data in streams.output:
            if stream in ways.wanted:
                writer.write(data if streams.tty else framed(stream, data))
                await writer.drain()


async def _head_is_read(fd: int) -> None:
    """docker-py reads the head through a buffer that it then leaves, with all that came in one piece with it."""
    deadline = time.monotonic() + HEAD
    while struct.unpack("i", fcntl.ioctl(fd, termios.TIOCOUTQ, bytes(4)))[0] and time.monotonic() < deadline:
        await asyncio.sleep(0.001)


async def _gone(writer: asyncio.StreamWriter) -> None:
    while not hung_up(writer):
        await asyncio.sleep(LOOK)


def spoken(text: bytes, *, tty: bool) -> Streams:
    """Streams that say one thing and end."""

    async def once() -> AsyncIterator[tuple[int, bytes]]:
        yield 1, text

    return Streams(output=once(), feed=None, tty=tty, close=lambda: None)
