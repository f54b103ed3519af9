"""Processes for the fake daemon: a few programs in memory, with streams that clients can hold."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

from dataplane.daemon.face import LogLine, Streams

MISSING = 127


class Pretended:
    """One process: what it wrote, who listens, what it is fed, and how it ended."""

    def __init__(self, command: tuple[str, ...], *, stdin: bool, tty: bool) -> None:
        self.tty, self.stdin = tty, stdin
        self.lines: list[LogLine] = []
        self.size = (0, 0)
        self._listeners: set[asyncio.Queue[tuple[int, bytes] | None]] = set()
        self._input: asyncio.Queue[bytes] = asyncio.Queue()
        self.ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._run(command))

    def say(self, text: bytes, stream: int = 1) -> None:
        self.lines.append(LogLine(time.time_ns(), "stderr" if stream == 2 else "stdout", text))
        for queue in self._listeners:
            queue.put_nowait((1 if self.tty else stream, text))

    def end(self, status: int) -> None:
        if not self.ended.done():
            self.ended.set_result(status)
            self._task.cancel()
            for queue in self._listeners:
                queue.put_nowait(None)

    def streams(self, *, stdin: bool, logs: bool = False) -> Streams:
        queue: asyncio.Queue[tuple[int, bytes] | None] = asyncio.Queue()
        if logs:
            for line in self.lines:
                queue.put_nowait((2 if line.stream == "stderr" else 1, line.text))
        if self.ended.done():
            queue.put_nowait(None)
        self._listeners.add(queue)

        async def output() -> AsyncIterator[tuple[int, bytes]]:
            while (piece := await queue.get()) is not None:
                yield piece

        return Streams(
            output=output(),
            feed=self._input.put_nowait if stdin else None,
            tty=self.tty,
            close=lambda: self._listeners.discard(queue),
        )

    async def _run(self, command: tuple[str, ...]) -> None:
        await asyncio.sleep(0)
        self.end(await self._program(*command))

    async def _program(self, name: str, *words: str) -> int:
        if name == "echo":
            self.say(" ".join(words).encode() + b"\n")
        elif name == "complain":
            self.say(" ".join(words).encode() + b"\n", 2)
        elif name == "sleep":
            await asyncio.sleep(float(words[0]) if words[0] != "infinity" else 10**6)
        elif name == "exit":
            return int(words[0])
        elif name == "flood":
            while True:
                self.say(b"x" * 65536)
                await asyncio.sleep(0)
        elif name == "cat":
            while self.stdin and (data := await self._input.get()):
                self.say(data)
        elif name == "/bin/sh":
            while self.stdin and (data := await self._input.get()):
                if data.startswith(b"exit"):
                    return int(data.split()[1])
                self.say(b"$ " + data)
        elif name == "two":  # two lines, and after its input has ended a third
            self.say(b"out\n")
            self.say(b"err\n", 2)
            while self.stdin and await self._input.get():
                pass
            self.say(b"end\n")
        else:
            return MISSING
        return 0
