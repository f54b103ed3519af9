"""What the control socket answers about the lab itself. Each function is one path of ``routes``."""

from __future__ import annotations

from aiohttp import web

import dataplane
from dataplane.live import view
from dataplane.live.state import LAB


async def ping(request: web.Request) -> web.StreamResponse:
    """Who is there."""
    return web.json_response({"lab": request.app[LAB].name, "version": dataplane.__version__})


async def lab(request: web.Request) -> web.StreamResponse:
    """rows.LabRow."""
    return web.json_response(view.lab_row(request.app[LAB]))


async def instances(request: web.Request) -> web.StreamResponse:
    """A list of rows.InstanceRow."""
    found = request.app[LAB]
    await found.engine.look()
    return web.json_response(view.instance_rows(found))
