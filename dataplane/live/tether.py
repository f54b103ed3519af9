"""The socket between ``up`` and the lab process it started: JSON lines both ways. When one side is gone the other notices.

``up`` sends first {"topology", "seed", "poll", "host_rules", "verbose", "detach"}, then {"stop": grace} for each signal it gets.
The lab process sends {"step": …}, {"log": …} and {"event": …}; {"ready": true} when all services were started, {"failed": …} when
one was not; {"error": …} when there is no lab. When it closes, the lab is gone (or, detached, on its own).
"""

from __future__ import annotations

import asyncio
import json
import socket
from contextlib import suppress
from typing import Any

PATIENCE = 5.0
LINE = 16 * 1024 * 1024

Message = dict[str, Any]


class Tether:
    """The lab process's end. What cannot be sent any more is dropped."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._loop = asyncio.get_running_loop()

    @classmethod
    async def of(cls, connection: socket.socket) -> Tether:
        """Around a connected socket."""
        return cls(*await asyncio.open_connection(sock=connection, limit=LINE))

    def tell(self, **message: object) -> None:
        """Send soon; from any thread."""
        data = json.dumps(message).encode() + b"\n"
        self._loop.call_soon_threadsafe(self._write, data)

    def _write(self, data: bytes) -> None:
        if not self._writer.is_closing():
            self._writer.write(data)

    async def say(self, **message: object) -> None:
        """Send, and wait while the other side is slow."""
        self._write(json.dumps(message).encode() + b"\n")
        await self._writer.drain()

    async def hear(self) -> Message | None:
        """The next message; None when the other side is gone."""
        try:
            line = await self._reader.readline()
            body = json.loads(line) if line else None
        except (OSError, ValueError):
            return None
        return body if isinstance(body, dict) else None

    async def close(self) -> None:
        """Send what is left, then let go."""
        self._writer.close()
        with suppress(OSError, TimeoutError):
            await asyncio.wait_for(self._writer.wait_closed(), PATIENCE)
