"""A UDP relay: a datagram to a held port goes to the engine from a socket of its client's own, and answers come back by it.

As ``relay_tcp`` serves what the host's rules cannot. Bounded: ``SESSIONS`` clients, the one that was silent longest makes room;
silent for ``IDLE`` seconds, a session ends (300 s as RFC 4787 REQ-5 has it). What cannot be sent at once is lost, as datagrams are.
"""

from __future__ import annotations

import asyncio
import socket
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from dataplane.hostnet.target import Target

SESSIONS = 1024
IDLE = 300.0
SWEEP = 10.0
LONGEST = 65535
BURST = 64
"""Datagrams taken from one socket before others have their turn."""

Client = tuple[socket.socket, Any]
Ancillary = list[tuple[int, int, bytes]]

_PKTINFO = {(socket.IPPROTO_IPV6, socket.IPV6_PKTINFO), (socket.IPPROTO_IP, 8)}


@dataclass(slots=True)
class _Session:
    """``back``: the address to which the client sent, as ancillary data: what it must be answered from."""

    far: socket.socket
    back: Ancillary
    seen: float


class UdpRelay:
    """All UDP ports of one lab. Used on the event loop."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._ports: dict[socket.socket, Target] = {}
        self._sessions: OrderedDict[Client, _Session] = OrderedDict()
        self._sweeping: asyncio.TimerHandle | None = None
        self.relayed = 0

    def add(self, port: socket.socket, target: Target) -> None:
        """Relay what comes to ``port``, which is bound and does not block; or send new clients elsewhere from now on."""
        self._ports[port] = target
        self._loop.add_reader(port, self._outward, port)

    def remove(self, port: socket.socket) -> None:
        """End the port and its sessions."""
        if self._ports.pop(port, None) is None:
            return
        self._loop.remove_reader(port)
        for client in [client for client in self._sessions if client[0] is port]:
            self._end(client)

    def close(self) -> None:
        """End all."""
        for port in list(self._ports):
            self.remove(port)
        if self._sweeping is not None:
            self._sweeping.cancel()

    def _outward(self, port: socket.socket) -> None:
        for _ in range(BURST):
            try:
                data, ancillary, _flags, peer = port.recvmsg(LONGEST, 128)
            except OSError:
                return
            session = self._session((port, peer), [item for item in ancillary if item[:2] in _PKTINFO])
            if session is not None:
                with suppress(OSError):
                    session.far.send(data)

    def _session(self, client: Client, back: Ancillary) -> _Session | None:
        session = self._sessions.get(client)
        if session is None:
            session = self._begin(client, back)
        if session is not None:
            session.seen = self._loop.time()
            self._sessions.move_to_end(client)
        return session

    def _begin(self, client: Client, back: Ancillary) -> _Session | None:
        target = self._ports[client[0]]
        try:
            far = target.socket(socket.SOCK_DGRAM)
            far.connect(target.address)
        except OSError:
            return None
        if len(self._sessions) >= SESSIONS:
            self._end(next(iter(self._sessions)))
        self.relayed += 1
        session = self._sessions[client] = _Session(far, back, self._loop.time())
        self._loop.add_reader(far, self._inward, client)
        if self._sweeping is None:
            self._sweeping = self._loop.call_later(SWEEP, self._sweep)
        return session

    def _inward(self, client: Client) -> None:
        session, (port, peer) = self._sessions[client], client
        for _ in range(BURST):
            try:
                data = session.far.recv(LONGEST)
            except OSError:  # none left, or the other side refuses: the client will ask again
                return
            session.seen = self._loop.time()
            self._sessions.move_to_end(client)
            with suppress(OSError):
                port.sendmsg([data], session.back, 0, peer)

    def _sweep(self) -> None:
        self._sweeping = None
        silent = self._loop.time() - IDLE
        while self._sessions and next(iter(self._sessions.values())).seen < silent:
            self._end(next(iter(self._sessions)))
        if self._sessions:
            self._sweeping = self._loop.call_later(SWEEP, self._sweep)

    def _end(self, client: Client) -> None:
        session = self._sessions.pop(client)
        self._loop.remove_reader(session.far)
        session.far.close()
