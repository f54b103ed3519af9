"""/containers/{name}/…: starting, ending and waiting."""

from __future__ import annotations

import asyncio
import json

from aiohttp import web

from dataplane.api.call import Call, answer, nothing
from dataplane.desired.refused import Refused

LONGEST = 2**31
CONDITIONS = frozenset({"not-running", "next-exit", "removed"})


async def start(call: Call) -> web.StreamResponse:
    """POST …/start. 304: it runs already."""
    return nothing(204 if await call.daemon.containers.start(call.name) else 304)


async def stop(call: Call) -> web.StreamResponse:
    """POST …/stop. 304: it does not run."""
    stopped = await call.daemon.containers.stop(call.name, grace=_grace(call), signal=_signal(call))
    return nothing(204 if stopped else 304)


async def restart(call: Call) -> web.StreamResponse:
    """POST …/restart."""
    await call.daemon.containers.restart(call.name, grace=_grace(call), signal=_signal(call))
    return nothing()


def _grace(call: Call) -> float | None:
    """Seconds before it is killed. None: the container's own; -1: however long it takes."""
    text = call.text("t")
    seconds = call.integer("t", 0, low=-LONGEST, high=LONGEST)
    return None if not text else float(seconds if seconds >= 0 else LONGEST)


def _signal(call: Call) -> str:
    return call.text("signal") if call.version >= (1, 42) else ""


async def kill(call: Call) -> web.StreamResponse:
    """POST …/kill."""
    await call.daemon.containers.kill(call.name, call.text("signal") or "SIGKILL")
    return nothing()


async def pause(call: Call) -> web.StreamResponse:
    """POST …/pause."""
    await call.daemon.containers.pause(call.name)
    return nothing()


async def unpause(call: Call) -> web.StreamResponse:
    """POST …/unpause."""
    await call.daemon.containers.unpause(call.name)
    return nothing()


async def wait(call: Call) -> web.StreamResponse:
    """POST …/wait: the headers come at once, so that a client may start the container when it is certain to see its end."""
    condition = (call.text("condition") if call.version >= (1, 30) else "") or "not-running"
    if condition not in CONDITIONS:
        raise Refused(400, f'invalid condition: "{condition[:64]}"')
    waiting = asyncio.ensure_future(call.daemon.containers.wait(call.name, condition))
    try:
        await asyncio.wait({waiting}, timeout=0)
        await asyncio.sleep(0)
        if waiting.done():
            return answer({"StatusCode": waiting.result()})
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(call.request)
        await response.write(b"")
        try:
            said: dict[str, object] = {"StatusCode": await waiting}
        except Refused as error:
            said = {"StatusCode": 0, "Error": {"Message": error.what}}
        await response.write(json.dumps(said).encode() + b"\n")
        await response.write_eof()
        return response
    finally:
        waiting.cancel()
