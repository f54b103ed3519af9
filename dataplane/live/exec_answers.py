"""The paths of exec: create, start (which takes the connection over), resize, inspect. What they mean is told in ``execs``."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from dataplane.errors import UserError
from dataplane.live import execs
from dataplane.live.hijack import hijack
from dataplane.live.lookup_instance import named
from dataplane.live.state import EXECS, LAB
from dataplane.looking import questions

SHAPE: Mapping[str, type | tuple[type, ...]] = {
    "command": list,
    "tty": bool,
    "stdin": bool,
    "env": dict,
    "working_dir": (str, type(None)),
    "user": (str, type(None)),
    "size": (list, type(None)),
}
MOST_ROWS = 0xFFFF


async def create(request: web.Request) -> web.StreamResponse:
    """Body: command and, as wanted, tty, stdin, env, working_dir, user, size [rows, columns]. Answers {"id": …}."""
    wanted = await questions.body(request, SHAPE)
    command = questions.words(wanted.pop("command", None), "command", request.path)
    env = wanted.get("env", {})
    questions.words([*env.keys(), *env.values()], "env", request.path)
    if not command:
        raise UserError("there is no command", where=request.path, mend="name a program of this host")
    if wanted.get("size") is not None:
        wanted["size"] = _size(*wanted["size"])
    instance = named(request.app[LAB], request.match_info["name"])[0]
    return web.json_response({"id": request.app[EXECS].create(instance, command, **wanted).id}, status=201)


async def start(request: web.Request) -> web.StreamResponse:
    """Start it and carry its streams on this connection, which then speaks HTTP no more. Errors come before that."""
    found = request.app[EXECS]
    one = found.find(request.match_info["id"])
    if request.headers.get("Upgrade", "").lower() != "tcp":
        raise UserError(
            "this path needs a connection of its own", where=request.path, mend="send Connection: Upgrade and Upgrade: tcp"
        )
    ours = await found.start(one)
    found.carry(one, ours, *await hijack(request))
    return web.Response()


async def resize(request: web.Request) -> web.StreamResponse:
    """?h= rows, ?w= columns, as Docker has them."""
    one = request.app[EXECS].find(request.match_info["id"])
    rows, columns = (questions.integer(request, name, 0, low=0, high=MOST_ROWS) for name in ("h", "w"))
    execs.resize(one, rows, columns)
    return web.json_response({})


async def inspect(request: web.Request) -> web.StreamResponse:
    """rows.ExecRow."""
    return web.json_response(request.app[EXECS].find(request.match_info["id"]).row())


def _size(*words: object) -> tuple[int, int]:
    numbers = [word for word in words if isinstance(word, int) and 0 <= word <= MOST_ROWS]
    if len(words) != 2 or len(numbers) != 2:
        raise UserError("size is not [rows, columns]", where="exec")
    return numbers[0], numbers[1]
