"""GET /containers/{name}/attach/ws: a container's streams for who cannot take a connection over, a browser's page say."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from aiohttp import WSCloseCode, WSMsgType, web

from dataplane.api import takeover
from dataplane.api.call import Call
from dataplane.api.sending import ClientLeftError
from dataplane.api.takeovers import TAKEOVERS
from dataplane.daemon.face import Streams
from dataplane.desired.refused import Refused
from dataplane.detach import Watcher

LONGEST = 1024 * 1024
"""Octets of one message of a client's."""
CLOSING = 1.0
"""Seconds that a client has for taking what is left and saying goodbye; what is written by then is still sent."""


async def attach(call: Call) -> web.StreamResponse:
    """What it writes comes as binary messages, both streams together as Docker has it; each message of the client's, text or
    binary, is its input. The client's end of the connection is its leaving; the container's end closes it."""
    container = call.daemon.containers.find(call.name)
    wants = {name: call.flag(name) for name in ("stdin", "stdout", "stderr", "logs")}
    detach = takeover.keys(call.text("detachKeys"))
    socket = web.WebSocketResponse(max_msg_size=LONGEST)
    if not socket.can_prepare(call.request).ok:
        raise Refused(400, "this path is for WebSockets (RFC 6455)", mend=f"POST …/{call.name}/attach takes the connection over")
    stdin = wants["stdin"] and container.process.stdin_open
    takeovers = call.request.app[TAKEOVERS]
    takeovers.make_room()
    streams = await call.daemon.containers.attach(container.id, stdin=stdin, logs=wants["logs"])
    ways = takeover.Ways(stdin=stdin, stdout=wants["stdout"], stderr=wants["stderr"], detach=detach)
    try:
        await socket.prepare(call.request)
    except BaseException as error:
        streams.close()
        if isinstance(error, ConnectionError):
            raise ClientLeftError from error
        raise
    carried = takeovers.begin(_carry(socket, streams, ways))
    try:
        await asyncio.wait({carried})
    finally:  # this request is cancelled when its client has gone
        carried.cancel()
        await asyncio.gather(carried, return_exceptions=True)
    return socket


async def _carry(socket: web.WebSocketResponse, streams: Streams, ways: takeover.Ways) -> None:
    """Until one of both ends. Who is cut off is told that it is the server that goes."""
    tasks = {asyncio.create_task(_inward(socket, streams, ways)), asyncio.create_task(_outward(socket, streams, ways))}
    code = WSCloseCode.GOING_AWAY
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        code = WSCloseCode.OK
    finally:
        streams.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        with suppress(TimeoutError):
            await asyncio.wait_for(socket.close(code=code), CLOSING)


async def _inward(socket: web.WebSocketResponse, streams: Streams, ways: takeover.Ways) -> None:
    """Until the client leaves, by its keys or by closing."""
    watcher = Watcher(ways.detach) if ways.detach and streams.tty else None
    async for message in socket:
        if message.type not in {WSMsgType.TEXT, WSMsgType.BINARY}:
            break
        data = message.data.encode() if message.type is WSMsgType.TEXT else message.data
        leaves = False
        if watcher is not None:
            data, leaves = watcher.feed(data)
        if data and streams.feed is not None:
            streams.feed(data)
            await streams.room()
        if leaves:
            return
    if streams.feed is not None:
        streams.feed(b"")
        await streams.room()


async def _outward(socket: web.WebSocketResponse, streams: Streams, ways: takeover.Ways) -> None:
    async for stream, data in streams.output:
        if stream in ways.wanted:
            await socket.send_bytes(data)
