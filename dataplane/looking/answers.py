"""Questions about ports, bridges, drops and the wiring. Each function is one path of ``tables``."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from aiohttp import web

from dataplane.drawing import DRAWINGS
from dataplane.looking import questions, views
from dataplane.looking.inside import Question
from dataplane.looking.rows import StatsRow
from dataplane.looking.stats import sample, stats
from dataplane.looking.stream import lines


async def drops(asked: Question) -> web.StreamResponse:
    """A list of rows.DropRow."""
    names = asked.inside.names()
    return web.json_response(await asked.inside.call(lambda dataplane: views.drop_rows(dataplane.drops(), names)))


async def counters(asked: Question) -> web.StreamResponse:
    """By node: in, out, cloned, originated, consumed, held, dropped."""
    names = asked.inside.names()
    return web.json_response(await asked.inside.call(lambda dataplane: views.counter_rows(dataplane.counters(), names)))


async def graph(asked: Question) -> web.StreamResponse:
    """The wiring drawn: ?format=text, mermaid or dot."""
    kind = questions.choice(asked.request, "format", tuple(DRAWINGS))
    return web.Response(text=DRAWINGS[kind](views.renamed(asked.inside.wiring, asked.inside.names())))


async def get_stats(asked: Question) -> web.StreamResponse:
    """Lists of rows.StatsRow: one, or with ?stream=1 one line each ?interval seconds."""
    inside = asked.inside
    interval = questions.number(asked.request, "interval", 1.0, low=0.0, high=3600.0)
    if not questions.flag(asked.request, "stream"):
        before = await sample(inside) if interval else None
        await asyncio.sleep(interval)
        return web.json_response(stats(before, await sample(inside), inside.names()))

    async def rows() -> AsyncGenerator[list[StatsRow], None]:
        before = await sample(inside)
        while True:
            await asyncio.sleep(max(interval, 0.1))
            after = await sample(inside)
            yield stats(before, after, inside.names())
            before = after

    return await lines(asked.request, rows())


async def fdb(asked: Question) -> web.StreamResponse:
    """A list of rows.FdbRow; with ?watch=1 changes as lines, the entries that are there first."""
    network = asked.inside.network(asked.words["network"])
    if questions.flag(asked.request, "watch"):
        await views.fdb_rows(asked.inside, network)  # what is wrong is said before lines begin
        return await lines(asked.request, views.watch_fdb(asked.inside, network))
    return web.json_response(await views.fdb_rows(asked.inside, network))
