"""Take a connection over from HTTP (RFC 9110 section 7.8, as Docker does it): from then on it carries octets of ours."""

from __future__ import annotations

import asyncio
import os
import select
import socket

from aiohttp import web

from dataplane.errors import UserError

SWITCH = b"HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"


class _Early:
    """Takes what the client sent right behind its request."""

    def __init__(self) -> None:
        self.data = b""

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        self.data += data
        return False, b""

    def feed_eof(self) -> None:
        return


async def hijack(request: web.Request) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """The streams of the request's connection. It needs ``Upgrade: tcp``; aiohttp is done with it, whose answer goes nowhere."""
    if request.headers.get("Upgrade", "").lower() != "tcp":
        raise UserError(
            "this path needs a connection of its own", where=request.path, mend="send Connection: Upgrade and Upgrade: tcp"
        )
    return await take_over(request, SWITCH)


async def take_over(request: web.Request, head: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """The streams of the request's connection, after ``head`` has been sent as the last that is HTTP."""
    transport = request.transport
    if transport is None:
        raise ConnectionResetError
    early = _Early()
    request.protocol.set_parser(early)  # type: ignore[arg-type]
    transport.pause_reading()
    # asyncio ends a connection whose client has finished sending; our streams outlive that, on a socket of their own.
    connection = socket.socket(fileno=os.dup(transport.get_extra_info("socket").fileno()))
    reader, writer = await asyncio.open_connection(sock=connection)
    if early.data:
        reader.feed_data(early.data)
    writer.write(head)
    transport.abort()  # last, for it cancels whoever answers the request
    return reader, writer


def hung_up(writer: asyncio.StreamWriter) -> bool:
    """The client has closed both directions, not only its sending one."""
    if writer.is_closing():
        return True
    poll = select.poll()
    poll.register(writer.get_extra_info("socket").fileno(), 0)  # POLLHUP is always told
    return bool(poll.poll(0))
