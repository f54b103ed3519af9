"""What the control socket answers about a lab as it is now. Each function is one path of ``routes``."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from aiohttp import web

import dataplane
from dataplane import drawing
from dataplane.errors import UserError
from dataplane.live import questions, view
from dataplane.live.rows import StatsRow
from dataplane.live.state import LAB
from dataplane.live.stats import sample, stats
from dataplane.live.stream import lines

DRAWINGS = {"text": drawing.text, "mermaid": drawing.mermaid, "dot": drawing.dot}


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


async def drops(request: web.Request) -> web.StreamResponse:
    """A list of rows.DropRow."""
    found = request.app[LAB]
    return web.json_response(await found.engine.call(lambda dataplane: view.drop_rows(dataplane.drops())))


async def counters(request: web.Request) -> web.StreamResponse:
    """By node: in, out, cloned, originated, consumed, held, dropped."""
    found = request.app[LAB]
    return web.json_response(await found.engine.call(lambda dataplane: view.plain_rows(dataplane.counters())))


async def graph(request: web.Request) -> web.StreamResponse:
    """The wiring drawn: ?format=text, mermaid or dot."""
    kind = questions.choice(request, "format", tuple(DRAWINGS))
    return web.Response(text=DRAWINGS[kind](request.app[LAB].wiring))


async def get_stats(request: web.Request) -> web.StreamResponse:
    """Lists of rows.StatsRow: one, or with ?stream=1 one line each ?interval seconds."""
    found = request.app[LAB]
    interval = questions.number(request, "interval", 1.0, low=0.0, high=3600.0)
    if not questions.flag(request, "stream"):
        before = await sample(found) if interval else None
        await asyncio.sleep(interval)
        return web.json_response(stats(before, await sample(found)))

    async def rows() -> AsyncGenerator[list[StatsRow], None]:
        before = await sample(found)
        while True:
            await asyncio.sleep(max(interval, 0.1))
            after = await sample(found)
            yield stats(before, after)
            before = after

    return await lines(request, rows())


async def get_fdb(request: web.Request) -> web.StreamResponse:
    """A list of rows.FdbRow; with ?watch=1 changes as lines, the entries that are there first."""
    found, network = request.app[LAB], request.match_info["network"]
    if found.plan is None or network not in found.plan.networks:
        known = ", ".join(found.plan.networks) if found.plan else "not up yet"
        raise UserError(f"lab {found.name} has no network {network}", mend=f"its networks: {known}", status=1)
    if questions.flag(request, "watch"):
        return await lines(request, view.watch_fdb(found, network))
    return web.json_response(await view.fdb_rows(found, network))
