"""The API's server: every request passes here, and every error leaves as Docker's JSON, ``{"message": …}``."""

from __future__ import annotations

import asyncio
import traceback
from pathlib import Path

from aiohttp import web

from dataplane.api import routes, system, versions
from dataplane.api.call import Call, answer
from dataplane.api.gate import Gate
from dataplane.api.lifecycle import wait
from dataplane.api.listening import BACKLOG, Listening
from dataplane.api.sending import ClientLeftError
from dataplane.api.takeover import Takeovers
from dataplane.api.takeovers import TAKEOVERS
from dataplane.carried import Carried
from dataplane.daemon.face import Daemon
from dataplane.desired.refused import Refused
from dataplane.errors import UserError

LONGEST_BODY = 8 * 1024 * 1024
LONGEST_LINE = 64 * 1024
IDLE = 75.0
"""Seconds for which a connection may stay between requests."""
LINGER = 1.0
"""Seconds for which the rest of a refused body is read, so that its sender sees the answer."""


class Server:
    """The socket and what answers on it."""

    def __init__(self, runner: web.AppRunner, listening: Listening, listener: asyncio.Server, takeovers: Takeovers) -> None:
        self._runner, self._listening, self._listener, self._takeovers = runner, listening, listener, takeovers

    @property
    def path(self) -> Path:
        """Where it listens."""
        return self._listening.path

    async def close(self) -> None:
        """Stop answering; requests under way are cut off."""
        self._listener.close()
        self._listening.close()
        await self._takeovers.close()
        await self._runner.cleanup()


async def serve(daemon: Daemon, path: Path, *, gate: Gate | None = None) -> Server:
    """Begin to answer for ``daemon``. UserError when the socket cannot be had."""
    app = web.Application(client_max_size=LONGEST_BODY)
    takeovers = app[TAKEOVERS] = Takeovers()
    answering = _Answering(daemon)
    app.router.add_route("*", r"/{path:[\s\S]*}", answering.answer)
    app.on_response_prepare.append(_sign)
    runner = web.AppRunner(
        app,
        access_log=None,
        handler_cancellation=True,
        shutdown_timeout=0.5,
        keepalive_timeout=IDLE,
        lingering_time=LINGER,
        max_line_size=LONGEST_LINE,
        max_field_size=LONGEST_LINE,
        auto_decompress=False,  # nobody sends such bodies but to make us unpack them
    )
    await runner.setup()
    listening = Listening(path)
    server = runner.server
    assert server is not None
    factory = (gate or Gate()).behind(server)
    listener = await asyncio.get_running_loop().create_unix_server(factory, sock=listening.socket, backlog=BACKLOG)
    return Server(runner, listening, listener, takeovers)


async def _sign(_request: web.Request, response: web.StreamResponse) -> None:
    """What Docker's daemon says of itself on every answer."""
    response.headers["Server"] = f"Dataplane/{system.release()} (linux)"
    response.headers["Api-Version"] = versions.written(versions.NEWEST)
    response.headers["Docker-Experimental"] = "false"
    response.headers["Ostype"] = "linux"


class _Answering:
    """Hands requests to who answers them."""

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon
        self._changes = Carried()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Any request."""
        try:
            return await self._answered(request)
        except ClientLeftError:
            # An answer has to be returned; on a connection that is no more it goes nowhere, without a word in the daemon's log.
            if request.transport is not None:
                request.transport.abort()
            return web.Response()

    async def _answered(self, request: web.Request) -> web.StreamResponse:
        try:
            version, path = versions.split(request.path)
            answering, words = routes.found(request.method, path)
            call = Call(request, self._daemon, version, path, words)
            if request.method in {"GET", "HEAD"} or answering is wait:
                return await answering(call)
            return await self._changes.through(answering(call))
        except Refused as error:
            return _failed(error, error.http)
        except UserError as error:
            return _failed(error, 500 if error.status == 1 else 400)
        except web.HTTPException as error:
            return answer({"message": error.text or error.reason}, error.status)
        except ConnectionError:
            raise
        except Exception as error:
            traceback.print_exc()
            return answer({"message": f"dataplane failed to answer: {type(error).__name__}: {error}"[:1024]}, 500)


def _failed(error: UserError, status: int) -> web.Response:
    body = {"message": error.what}
    if error.mend:
        body["mend"] = error.mend
    return answer(body, status)
