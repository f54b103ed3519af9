"""Answers that go on: JSON lines, as fast as the reader takes them and no faster."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

from aiohttp import web

PATIENCE = 300.0


async def lines(request: web.Request, rows: AsyncIterator[object]) -> web.StreamResponse:
    """Send each row as a line. A reader that takes nothing for PATIENCE seconds is given up; one that is gone ends it at once."""
    response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
    await response.prepare(request)
    async for row in rows:
        await asyncio.wait_for(response.write(json.dumps(row).encode() + b"\n"), PATIENCE)
    await response.write_eof()
    return response
