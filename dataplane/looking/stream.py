"""Answers that go on: JSON lines, as fast as the reader takes them and no faster."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing

from aiohttp import web

PATIENCE = 300.0


async def lines(request: web.Request, rows: AsyncGenerator[object, None]) -> web.StreamResponse:
    """Send each row as a line. A reader that takes nothing for PATIENCE seconds is given up; one that is gone ends it at once."""
    response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
    await response.prepare(request)
    # Whatever ends it, files that the rows come from are closed now and not when the garbage is collected.
    async with aclosing(rows):
        async for row in rows:
            await asyncio.wait_for(response.write(json.dumps(row).encode() + b"\n"), PATIENCE)
    await response.write_eof()
    return response
