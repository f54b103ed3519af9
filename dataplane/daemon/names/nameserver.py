"""The name server of one container: its sockets on the event loop, its answers remembered as long as nothing changes."""

from __future__ import annotations

import asyncio
import random
import struct
import time
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress

from dataplane.daemon.names.forwarding import Forwarder
from dataplane.daemon.names.lookups import Lookups
from dataplane.dns import wire
from dataplane.dns.respond import Response, respond
from dataplane.dns.view import View
from dataplane.proc.helper import NameServer as Sockets

LONGEST_QUERY = 4096
AT_ONCE = 64
"""Datagrams answered before others on the event loop have their turn."""
REMEMBERED = 512
"""Questions whose answers are kept ready."""
MAX_CONNECTIONS = 64
IDLE = 8.0
"""Seconds that a TCP connection may be silent."""

Hint = Callable[[View, str], str]


def _shuffled(records: Sequence[bytes]) -> Sequence[bytes]:
    """Another order each time: who takes the first address takes any of them."""
    return random.sample(records, len(records))


class NameServer:
    """``look`` gives the container's view as it is now, the same object while nothing changes. ``hint``: a sentence for a name that
    nobody has."""

    def __init__(self, sockets: Sockets, look: Callable[[], View], forwarder: Forwarder, hint: Hint) -> None:
        self.log = Lookups()
        self._sockets, self._look, self._forwarder, self._hint = sockets, look, forwarder, hint
        self._loop = asyncio.get_running_loop()
        self._view = look()
        self._ready: dict[bytes, Response] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._connections: set[asyncio.StreamWriter] = set()
        self._tcp: asyncio.Server | None = None

    @property
    def note(self) -> str:
        """Why the container cannot have port 53 of 127.0.0.11 for itself, "" where it can."""
        return self._sockets.note

    async def start(self) -> None:
        """Answer."""
        self._sockets.udp.setblocking(False)
        self._loop.add_reader(self._sockets.udp, self._readable)
        self._tcp = await asyncio.start_server(self._converse, sock=self._sockets.tcp)

    async def stop(self) -> None:
        """Close all of it; who waits for an answer gets none."""
        self._loop.remove_reader(self._sockets.udp)
        self._sockets.udp.close()
        if self._tcp is not None:
            self._tcp.close()
        for connection in self._connections:
            connection.close()
        for task in self._tasks:
            task.cancel()
        self._forwarder.close()

    def _respond(self, query: bytes, *, tcp: bool) -> Response:
        """Prepared answers by UDP are kept: all of a query but its number decides them."""
        view = self._look()
        if view is not self._view:
            self._view = view
            self._ready.clear()
        if tcp:
            return respond(view, query, tcp=True)
        response = self._ready.get(query[2:])
        if response is None:
            response = respond(view, query)
            if len(self._ready) >= REMEMBERED:
                self._ready.clear()
            self._ready[query[2:]] = response
        return response

    def _readable(self) -> None:
        receive, send, note = self._sockets.udp.recvfrom, self._sockets.udp.sendto, self.log.note
        now = time.time_ns()
        for _ in range(AT_ONCE):
            try:
                query, peer = receive(LONGEST_QUERY)
            except OSError:  # nothing more is there, or the news that a client of an earlier answer is gone
                return
            response = self._respond(query, tcp=False)
            if response.answer is None:
                if response.forward:
                    self._hold(self._hand_on(query, response, peer))
                continue
            note((now, response, False, response.rcode, ""))
            with suppress(OSError):
                send(response.octets(query[:2], _shuffled), peer)

    def _hold(self, work: Coroutine[None, None, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _hand_on(self, query: bytes, response: Response, peer: tuple[str, int]) -> None:
        reply = await self._outside(query, response, tcp=False)
        with suppress(OSError):
            self._sockets.udp.sendto(reply, peer)

    async def _outside(self, query: bytes, response: Response, *, tcp: bool) -> bytes:
        view = self._view
        outcome = await self._forwarder.ask(query, view.servers, tcp=tcp)
        why = outcome.why
        if outcome.rcode != wire.NOERROR and response.question is not None and (hint := self._hint(view, response.question.name)):
            why = f"{why}; {hint}"
        self.log.add(response, tcp=tcp, rcode=outcome.rcode, why=why)
        return outcome.reply

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._connections) >= MAX_CONNECTIONS:
            writer.close()
            return
        self._connections.add(writer)
        try:
            # One question after the other: who asks many at once opens more connections.
            while (reply := await self._one(reader)) is not None:
                writer.write(struct.pack("!H", len(reply)) + reply)
                async with asyncio.timeout(IDLE):
                    await writer.drain()
        except (OSError, EOFError, TimeoutError):
            pass
        finally:
            self._connections.discard(writer)
            writer.close()

    async def _one(self, reader: asyncio.StreamReader) -> bytes | None:
        async with asyncio.timeout(IDLE):
            (size,) = struct.unpack("!H", await reader.readexactly(2))
            query = await reader.readexactly(size)
        response = self._respond(query, tcp=True)
        if response.forward:
            return await self._outside(query, response, tcp=True)
        self.log.note((time.time_ns(), response, True, response.rcode, ""))
        return response.octets(query[:2], _shuffled) or None
