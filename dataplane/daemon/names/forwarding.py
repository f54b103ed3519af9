"""Questions handed to name servers outside: in turn, each from the network where it is to be asked."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from dataplane.dns import wire
from dataplane.dns.resolvconf import Upstream
from dataplane.errors import UserError
from dataplane.proc.sockets import open_client

PATIENCE = 4.0
"""Seconds that a server has."""
MAX_IN_FLIGHT = 1024
MAX_IDLE = 16
PORT = 53

Open = Callable[[str, int], Awaitable[socket.socket]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """An answer for the asker, and what is to be told of it."""

    reply: bytes
    rcode: int
    why: str


def _words(error: Exception) -> str:
    # asyncio puts words of its own in the place of the kernel's.
    return os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)


class Forwarder:
    """One container's. ``inside``: opens a socket (udp or tcp, IP version) in its namespace; those for UDP are used again."""

    def __init__(self, inside: Open, *, port: int = PORT) -> None:
        self._inside = inside
        self._port, self._patience = port, PATIENCE
        self._idle: dict[int, list[socket.socket]] = {4: [], 6: []}
        self._loop = asyncio.get_running_loop()
        self.in_flight = 0
        self._closed = False

    async def ask(self, query: bytes, servers: tuple[Upstream, ...], *, tcp: bool) -> Outcome:
        """The first answer that is not SERVFAIL or REFUSED; SERVFAIL where nobody gives one."""
        if self.in_flight >= MAX_IN_FLIGHT:
            return Outcome(
                wire.error(query, wire.REFUSED), wire.REFUSED, f"more than {MAX_IN_FLIGHT} questions are under way outside"
            )
        told = []
        self.in_flight += 1
        try:
            for server in servers:
                # A number of our own: who guesses the client's has not guessed this.
                asked = os.urandom(2) + query[2:]
                try:
                    async with asyncio.timeout(self._patience):
                        reply = await (self._by_tcp(asked, server) if tcp else self._by_udp(asked, server))
                except TimeoutError:
                    told.append(f"{server} was silent for {self._patience:g} s")
                    continue
                except (OSError, UserError, EOFError) as error:
                    told.append(f"{server} cannot be asked: {_words(error)}")
                    continue
                rcode = wire.rcode_of(reply)
                told.append(f"{server} says {wire.rcode_name(rcode)}")
                if rcode not in {wire.SERVFAIL, wire.REFUSED}:
                    return Outcome(query[:2] + reply[2:], rcode, "; ".join(told))
        finally:
            self.in_flight -= 1
        return Outcome(wire.error(query, wire.SERVFAIL), wire.SERVFAIL, "; ".join(told) or "no server outside may be asked")

    async def _by_udp(self, query: bytes, server: Upstream) -> bytes:
        version = server.address.version
        idle = self._idle[version]
        again = idle.pop() if idle and not server.host else None
        sock = again or (open_client("udp", version) if server.host else await self._inside("udp", version))
        whole = False
        try:
            # Connected: only the server's datagrams arrive, and that nobody listens there is heard.
            sock.connect((str(server.address), self._port))
            await self._loop.sock_sendall(sock, query)
            while not wire.answers(query, reply := await self._loop.sock_recv(sock, wire.MAX_SIZE)):
                pass
            whole = True
            return reply
        finally:
            if whole and not server.host and not self._closed and len(idle) < MAX_IDLE:
                idle.append(sock)
            else:
                sock.close()

    async def _by_tcp(self, query: bytes, server: Upstream) -> bytes:
        version = server.address.version
        sock = open_client("tcp", version) if server.host else await self._inside("tcp", version)
        try:
            await self._loop.sock_connect(sock, (str(server.address), self._port))
            reader, writer = await asyncio.open_connection(sock=sock)
        except BaseException:
            sock.close()
            raise
        try:
            writer.write(struct.pack("!H", len(query)) + query)
            while True:
                (size,) = struct.unpack("!H", await reader.readexactly(2))
                if wire.answers(query, reply := await reader.readexactly(size)):
                    return reply
        finally:
            writer.close()

    def close(self) -> None:
        """Close the sockets that wait to be used again."""
        self._closed = True
        for idle in self._idle.values():
            while idle:
                idle.pop().close()
