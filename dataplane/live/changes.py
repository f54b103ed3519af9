"""What the control socket does to a lab: apply a changed file, stop. The work goes on when the client is gone."""

from __future__ import annotations

import asyncio
import json
import traceback
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping

from aiohttp import web

from dataplane.errors import UserError
from dataplane.exchange import from_json
from dataplane.live.explained import explained
from dataplane.live.rows import StepRow
from dataplane.live.state import ENDING, LAB
from dataplane.looking import questions
from dataplane.looking.stream import lines
from dataplane.model import Topology
from dataplane.proc import message

_RUNNING: set[asyncio.Task[None]] = set()


async def apply(request: web.Request) -> web.StreamResponse:
    """Body: a Topology (``exchange``). Lines {"step": …} while it is applied, then {"done": …} or {"error": …}."""
    lab = request.app[LAB]
    verbose = questions.flag(request, "verbose")
    wait = questions.flag(request, "wait")
    try:
        topology = from_json(Topology, json.loads(await request.read()))
    except (ValueError, TypeError, RecursionError) as error:
        raise UserError(f"the body is no topology: {error}", where=request.path) from None
    if topology.name != lab.name:
        raise UserError(f"this is lab {lab.name}, not {topology.name}", where=request.path)
    if request.app[ENDING].reason is not None:
        raise UserError(f"lab {lab.name} is ending", mend="wait, then up again", status=1)

    async def work(tell: Callable[[StepRow], None]) -> object:
        change = await lab.change_to(topology, tell)
        if wait:
            await lab.settled()
            if (failure := lab.failure()) is not None:
                raise failure
        return bool(change)

    return await lines(request, _told(work, verbose=verbose))


async def stop(request: web.Request) -> web.StreamResponse:
    """End the lab, ?grace= seconds for every service instead of its own. The socket goes when all is gone.

    ?follow=1: lines {"step": …} until then.
    """
    grace = questions.number(request, "grace", -1.0, low=-1.0, high=86400.0)
    ending = request.app[ENDING]
    told = ending.follow() if questions.flag(request, "follow") else None
    ending.ask("down", grace=None if grace < 0 else grace)
    return web.json_response({}) if told is None else await lines(request, _steps(told))


async def _steps(rows: AsyncGenerator[StepRow, None]) -> AsyncGenerator[object, None]:
    async for row in rows:
        yield {"step": row}


async def _told(work: Callable[[Callable[[StepRow], None]], Awaitable[object]], *, verbose: bool) -> AsyncGenerator[object, None]:
    """What a piece of work tells, as rows; it is finished even if nobody listens."""
    loop = asyncio.get_running_loop()
    rows: asyncio.Queue[Mapping[str, object] | None] = asyncio.Queue()

    def tell(row: StepRow) -> None:
        if verbose or row["kind"] != "step":
            step: Mapping[str, object] = {"step": row}
            loop.call_soon_threadsafe(rows.put_nowait, step)

    async def run() -> None:
        try:
            last: dict[str, object] = {"done": await work(tell)}
        except Exception as error:
            if not isinstance(error, UserError):
                traceback.print_exc()
            last = {"error": message.failure(explained(error))}
        await asyncio.sleep(0)
        rows.put_nowait(last)
        rows.put_nowait(None)

    task = asyncio.create_task(run())
    _RUNNING.add(task)
    task.add_done_callback(_RUNNING.discard)
    while (row := await rows.get()) is not None:
        yield row
