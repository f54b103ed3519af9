"""The control socket: HTTP over a Unix socket that only the lab's owner may open. Paths are versioned; ``routes`` lists them.

A wrong request gets a JSON object like any UserError: error, where, mend, status. Streams are JSON lines (application/x-ndjson).
"""

from __future__ import annotations

import os
import socket
import traceback
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web
from aiohttp.typedefs import Middleware

from dataplane.errors import UserError
from dataplane.live.execs import Execs
from dataplane.live.routes import routes
from dataplane.live.state import ENDING, EXECS, LAB
from dataplane.proc import message

if TYPE_CHECKING:
    from dataplane.live.ending import Ending
    from dataplane.live.lab import Lab

SOCKET = "control.sock"
LONGEST_BODY = 16 * 1024 * 1024
MOST_REQUESTS = 128

Handle = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Server:
    """The listening socket and what answers on it."""

    def __init__(self, runner: web.AppRunner, path: Path) -> None:
        self._runner, self._path = runner, path

    async def close(self) -> None:
        """Stop answering; requests under way are cut off."""
        await self._runner.cleanup()
        with suppress(FileNotFoundError):
            self._path.unlink()


async def serve(lab: Lab, folder: Path, ending: Ending) -> Server:
    """Begin to answer for ``lab``."""
    app = web.Application(client_max_size=LONGEST_BODY, middlewares=[_bounded(), _explained])
    app[LAB], app[ENDING], app[EXECS] = lab, ending, Execs(lab)
    app.add_routes(routes())
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.5)
    await runner.setup()
    path = folder / SOCKET
    await web.SockSite(runner, _listen(path)).start()
    return Server(runner, path)


def _listen(path: Path) -> socket.socket:
    with suppress(FileNotFoundError):
        path.unlink()
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    # By a descriptor of its folder: the path itself may be longer than an address can be.
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        listener.bind(f"/proc/self/fd/{folder}/{path.name}")
    finally:
        os.close(folder)
    path.chmod(0o600)
    listener.listen(64)
    return listener


def _bounded() -> Middleware:
    """No more than MOST_REQUESTS at once."""
    running = 0

    @web.middleware
    async def bounded(request: web.Request, handler: Handle) -> web.StreamResponse:
        nonlocal running
        if running >= MOST_REQUESTS:
            raise web.HTTPServiceUnavailable(text="too many requests at once")
        running += 1
        try:
            return await handler(request)
        finally:
            running -= 1

    return bounded


@web.middleware
async def _explained(request: web.Request, handler: Handle) -> web.StreamResponse:
    """Errors as JSON."""
    try:
        return await handler(request)
    except UserError as error:
        return web.json_response(message.failure(error), status=404 if error.status == 1 else 400)
    except web.HTTPException as error:
        return web.json_response(
            {"error": error.text or error.reason, "where": request.path, "mend": "", "status": 1}, status=error.status
        )
    except ConnectionError:
        raise
    except Exception as error:
        traceback.print_exc()
        body = message.failure(
            UserError(f"the lab failed to answer: {type(error).__name__}: {error}", where=request.path, status=1)
        )
        return web.json_response(body, status=500)
