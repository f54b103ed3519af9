"""The streams of a command that was run beside a container's own: pipes, or a terminal, in the daemon's hands."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import suppress

from dataplane.daemon.container.outbox import Outbox
from dataplane.daemon.face import Streams
from dataplane.live import terminal

CHUNK = 64 * 1024
LAST = 2.0
"""Seconds (Docker's) that output may still come after the command has ended: its children may hold its pipes open for ever."""


class ExecStreams:
    """Our ends of a command's streams. A client that goes away does not end the command: what it writes then is thrown away."""

    def __init__(self, ours: terminal.Three, *, tty: bool, stdin: bool) -> None:
        self._tty = tty
        self._sink, self._sources = ours[0], {ours[1]: 1} if tty else {ours[1]: 1, ours[2]: 2}
        self._ended = asyncio.Event()
        self._rest: asyncio.Task[None] | None = None
        self._closed = False
        # The terminal is read and written by one descriptor, but a loop has one watcher for each way.
        self._box = Outbox(self._sink, lambda piece: os.write(self._sink, piece), self._end_input) if stdin else None
        if not stdin and not tty and self._sink >= 0:
            self._end_input()

    @property
    def terminal(self) -> int:
        """The descriptor of its terminal, -1 where it has none."""
        return self._sink if self._tty and not self._closed else -1

    def streams(self) -> Streams:
        """For a client."""
        if self._box is None:
            return Streams(self._output(), None, self._tty, self.close)
        return Streams(self._output(), self._box.put, self._tty, self.close, self._box.room)

    def ended(self) -> None:
        """The command is over."""
        self._ended.set()

    def close(self) -> None:
        """The client has gone, or has all. Idempotent."""
        if self._rest is not None:
            return
        if self._box is not None:
            self._box.put(b"")
            self._box.close()
        self._end_input()
        self._rest = asyncio.create_task(self._throw_away(), name="what nobody reads of an exec")

    def _end_input(self) -> None:
        """A pipe is closed; a terminal stays what it is."""
        if not self._tty and self._sink >= 0:
            os.close(self._sink)
            self._sink = -1

    async def _throw_away(self) -> None:
        try:
            async for _ in self._output():
                pass
        finally:
            self._closed = True
            terminal.close((*self._sources, self._sink))
            self._sources.clear()

    async def _output(self) -> AsyncIterator[tuple[int, bytes]]:
        deadline: float | None = None
        loop = asyncio.get_running_loop()
        open_ones = dict(self._sources)
        while open_ones:
            quiet = True
            for fd, number in list(open_ones.items()):
                try:
                    data = os.read(fd, CHUNK)
                except BlockingIOError:
                    continue
                except OSError:  # EIO: the last process has closed the terminal
                    data = b""
                quiet = False
                if data:
                    yield number, data
                else:
                    del open_ones[fd]
            if self._ended.is_set() and deadline is None:
                deadline = loop.time() + LAST
            if quiet and not await self._news(open_ones, deadline):
                return
        await self._ended.wait()  # who asks then how it ended is told

    async def _news(self, fds: dict[int, int], deadline: float | None) -> bool:
        """Something can be read, or the command has ended. False: it had, and time is up."""
        loop, ready = asyncio.get_running_loop(), asyncio.Event()
        for fd in fds:
            loop.add_reader(fd, ready.set)
        waits = {asyncio.create_task(ready.wait())}
        if deadline is None:
            waits.add(asyncio.create_task(self._ended.wait()))
        try:
            timeout = None if deadline is None else max(0.0, deadline - loop.time())
            done, _ = await asyncio.wait(waits, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
            return bool(done)
        finally:
            for fd in fds:
                with suppress(OSError, ValueError):
                    loop.remove_reader(fd)
            for one in waits:
                one.cancel()
