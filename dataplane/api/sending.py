"""Answers that go on for as long as there is something to say, as fast as the client takes them and no faster."""

from __future__ import annotations

import asyncio
import json

from aiohttp import web

from dataplane.api.call import Call

PATIENCE = 300.0
"""Seconds for which a client may take nothing before it is given up."""


class ClientLeftError(ConnectionError):
    """The client went, or took nothing for ``PATIENCE``: nobody is there to be told of anything."""


async def open_stream(call: Call, kind: str) -> web.StreamResponse:
    """The headers, sent at once."""
    response = web.StreamResponse(headers={"Content-Type": kind})
    await response.prepare(call.request)
    await response.write(b"")
    return response


async def send(response: web.StreamResponse, data: bytes) -> None:
    """A piece of it. Raises ``ClientLeftError``."""
    try:
        await asyncio.wait_for(response.write(data), PATIENCE)
    except (ConnectionError, TimeoutError) as error:
        raise ClientLeftError from error


async def say(response: web.StreamResponse, value: object) -> None:
    """A JSON object on a line of its own."""
    await send(response, json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") + b"\n")
