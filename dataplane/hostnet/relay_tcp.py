"""A TCP relay: what connects to a held port is carried to the engine, byte for byte, with the host's address as its source.

It serves what the host's rules cannot: [::1], the host's IPv6 addresses where a container has IPv4 only, and all of it under
``--no-host-rules``. Bounded: ``SESSIONS`` connections, ``CHUNK`` octets a direction in flight; a slow reader slows its writer.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterable
from contextlib import suppress

from dataplane.hostnet.target import Target

SESSIONS = 1024
CHUNK = 64 * 1024
CONNECT = 10.0
ACCEPTS = 16
"""Connections taken from one socket before others have their turn."""


class TcpRelay:
    """All TCP ports of one lab. Used on the event loop."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._ports: dict[socket.socket, Target] = {}
        self._sessions: set[asyncio.Task[None]] = set()
        self.relayed = 0

    def add(self, listener: socket.socket, target: Target) -> None:
        """Relay what connects to ``listener``, which listens and does not block; or send it elsewhere from now on."""
        self._ports[listener] = target
        if len(self._sessions) < SESSIONS:
            self._loop.add_reader(listener, self._accept, listener)

    def remove(self, listener: socket.socket) -> None:
        """No new connections; those under way go on."""
        if self._ports.pop(listener, None) is not None:
            self._loop.remove_reader(listener)

    async def close(self) -> None:
        """Cut off every connection."""
        for listener in list(self._ports):
            self.remove(listener)
        for session in self._sessions:
            session.cancel()
        await asyncio.gather(*self._sessions, return_exceptions=True)

    def _accept(self, listener: socket.socket) -> None:
        for _ in range(ACCEPTS):
            if len(self._sessions) >= SESSIONS:
                self._listen(False)
                return
            try:
                connection, _peer = listener.accept()
            except OSError:  # none left, or no descriptor for it: it waits in the backlog
                return
            connection.setblocking(False)
            self.relayed += 1
            session = self._loop.create_task(self._carry(connection, self._ports[listener]))
            self._sessions.add(session)
            session.add_done_callback(self._ended)

    def _listen(self, on: bool) -> None:
        """Full, or no longer: connections wait in the kernel's backlog meanwhile."""
        for listener in self._ports:
            if on:
                self._loop.add_reader(listener, self._accept, listener)
            else:
                self._loop.remove_reader(listener)

    def _ended(self, session: asyncio.Task[None]) -> None:
        full = len(self._sessions) >= SESSIONS
        self._sessions.discard(session)
        if full:
            self._listen(True)

    async def _carry(self, near: socket.socket, target: Target) -> None:
        with near, target.socket(socket.SOCK_STREAM) as far:
            try:
                async with asyncio.timeout(CONNECT):
                    await self._loop.sock_connect(far, target.address)
            except OSError:  # TimeoutError is one
                _reset(near)
                return
            _set_up((near, far))
            ways = [self._loop.create_task(self._copy(*pair)) for pair in ((near, far), (far, near))]
            try:
                await asyncio.gather(*ways)
            except OSError:
                _reset(near)
                _reset(far)
            finally:
                for way in ways:
                    way.cancel()
                await asyncio.gather(*ways, return_exceptions=True)

    async def _copy(self, source: socket.socket, sink: socket.socket) -> None:
        """Until the end of the stream, which is passed on; the other direction may go on."""
        buffer = bytearray(CHUNK)
        view = memoryview(buffer)
        while count := await self._loop.sock_recv_into(source, buffer):
            await self._loop.sock_sendall(sink, view[:count])
        with suppress(OSError):
            sink.shutdown(socket.SHUT_WR)


def _set_up(pair: Iterable[socket.socket]) -> None:
    """As they come: no waiting for more to send; and a peer that vanishes is noticed in some minutes."""
    for one in pair:
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option, value in ((socket.TCP_KEEPIDLE, 120), (socket.TCP_KEEPINTVL, 30), (socket.TCP_KEEPCNT, 4)):
            one.setsockopt(socket.IPPROTO_TCP, option, value)


def _reset(one: socket.socket) -> None:
    """Closed with RST (RFC 9293 section 3.6.1): the other side learns that something broke."""
    with suppress(OSError):
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
