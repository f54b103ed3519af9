"""In front of aiohttp: no more connections than we can bear, and none that takes its time over its first request's headers.

(Between requests aiohttp's own keep-alive limit holds.)
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

MOST_CONNECTIONS = 4096
PATIENCE = 10.0
"""Seconds for the headers of the first request."""
FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n"
    b'{"message":"too many connections at once"}\n'
)
_LATE = (
    b"HTTP/1.1 408 Request Timeout\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n"
    b'{"message":"the request took too long"}\n'
)
_END = b"\r\n\r\n"


class Gate:
    """Counts the connections of one server."""

    def __init__(self, most: int = MOST_CONNECTIONS, patience: float = PATIENCE) -> None:
        self.most, self.patience = most, patience
        self.open = 0

    def behind(self, make: Callable[[], asyncio.Protocol]) -> Callable[[], asyncio.Protocol]:
        """A factory of protocols that let through to those which ``make`` makes."""
        return lambda: _Guarded(self, make)


class _Guarded(asyncio.Protocol):
    """One connection. Everything goes through to ``_inner`` as it comes."""

    def __init__(self, gate: Gate, make: Callable[[], asyncio.Protocol]) -> None:
        self._gate, self._make = gate, make
        self._inner: asyncio.Protocol | None = None
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._tail = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        if self._gate.open >= self._gate.most:
            transport.write(FULL)
            transport.close()
            return
        self._gate.open += 1
        self._timer = asyncio.get_running_loop().call_later(self._gate.patience, self._late)
        self._inner = self._make()
        self._inner.connection_made(transport)

    def _late(self) -> None:
        self._timer = None
        if self._transport is not None:
            self._transport.write(_LATE)
            self._transport.close()

    def data_received(self, data: bytes) -> None:
        if self._inner is None:
            return
        if self._timer is not None:
            seen = self._tail + data
            if _END in seen:
                self._timer.cancel()
                self._timer = None
            self._tail = seen[-len(_END) + 1 :]
        self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        return self._inner.eof_received() if self._inner is not None else None

    def connection_lost(self, error: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._inner is not None:
            self._gate.open -= 1
            inner, self._inner = self._inner, None
            inner.connection_lost(error)

    def pause_writing(self) -> None:
        if self._inner is not None:
            self._inner.pause_writing()

    def resume_writing(self) -> None:
        if self._inner is not None:
            self._inner.resume_writing()
