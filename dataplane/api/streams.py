"""/containers/{name}/attach, logs and resize."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, cast

from aiohttp import web

from dataplane.api import takeover, times
from dataplane.api.call import Call, nothing
from dataplane.api.sending import open_stream, send
from dataplane.api.takeovers import TAKEOVERS
from dataplane.desired.refused import Refused
from dataplane.framing import framed

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from dataplane.daemon.face import LogLine


async def attach(call: Call) -> web.StreamResponse:
    """POST …/attach."""
    container = call.daemon.containers.find(call.name)
    wants = {name: call.flag(name) for name in ("stdin", "stdout", "stderr", "stream", "logs")}
    detach = takeover.keys(call.text("detachKeys"))
    if not wants["stream"]:
        return await logs(call)
    stdin = wants["stdin"] and wants["stream"] and container.process.stdin_open
    call.request.app[TAKEOVERS].make_room()
    streams = await call.daemon.containers.attach(container.id, stdin=stdin, logs=wants["logs"])
    ways = takeover.Ways(stdin=stdin, stdout=wants["stdout"], stderr=wants["stderr"], detach=detach)
    return await takeover.answer_with(call, call.request.app[TAKEOVERS], streams, ways)


async def resize(call: Call) -> web.StreamResponse:
    """POST …/resize: ``h`` rows, ``w`` columns."""
    rows, columns = call.size()
    await call.daemon.containers.resize(call.name, rows, columns)
    return nothing(200)


async def logs(call: Call) -> web.StreamResponse:
    """GET …/logs."""
    wanted = {name for name in ("stdout", "stderr") if call.flag(name)}
    if not wanted:
        raise Refused(400, "Bad parameters: you must choose at least one stream")
    container = call.daemon.containers.find(call.name)
    text = call.text("tail")
    tail = None if text in {"", "all"} or not text.isascii() or not text.isdigit() or len(text) > 9 else int(text)
    since, until = call.moment("since"), call.moment("until")
    stamps, raw, follow = call.flag("timestamps"), container.process.tty, call.flag("follow")
    lines = call.daemon.containers.logs(container.id, since=since, until=until, tail=tail, follow=follow)
    response = await open_stream(call, takeover.RAW if raw or call.version < (1, 42) else takeover.MULTIPLEXED)
    # The face says iterator; where it is a generator, files that it reads are closed with it.
    async with aclosing(cast("AsyncGenerator[LogLine, None]", lines)):
        async for line in lines:
            if line.stream in wanted:
                octets = f"{times.stamp(line.time)} ".encode() + line.text if stamps else line.text
                await send(response, octets if raw else framed(2 if line.stream == "stderr" else 1, octets))
    await response.write_eof()
    return response
