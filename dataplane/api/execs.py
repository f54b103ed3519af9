"""/containers/{name}/exec and /exec/…"""

from __future__ import annotations

from aiohttp import web

from dataplane.api import takeover
from dataplane.api.asked_container import ExecConfig, ExecStartConfig
from dataplane.api.call import Call, answer, nothing
from dataplane.api.container_wish import environment
from dataplane.api.takeovers import TAKEOVERS
from dataplane.daemon.face import ExecState, ExecWish
from dataplane.desired.refused import Refused


async def create(call: Call) -> web.StreamResponse:
    """POST /containers/{name}/exec."""
    asked = await call.body(ExecConfig)
    if not asked.Cmd:
        raise Refused(400, "No exec command specified")
    if asked.WorkingDir and not asked.WorkingDir.startswith("/"):
        raise Refused(400, "the working directory of an exec has to be an absolute path")
    takeover.keys(asked.DetachKeys)
    wish = ExecWish(
        command=tuple(asked.Cmd),
        tty=asked.Tty,
        stdin=asked.AttachStdin,
        stdout=asked.AttachStdout,
        stderr=asked.AttachStderr,
        environment=environment(asked.Env, tty=asked.Tty),
        working_dir=asked.WorkingDir or None,
        user=asked.User or None,
        detach_keys=asked.DetachKeys,
    )
    return answer({"Id": await call.daemon.execs.create(call.name, wish)}, status=201)


async def start(call: Call) -> web.StreamResponse:
    """POST /exec/{id}/start. A program that cannot be run is told on the stream, as Docker tells it, with the exit status to be
    inspected; everything else is refused before."""
    asked = await call.body(ExecStartConfig, needed=False)
    number = call.words["id"]
    wish = call.daemon.execs.inspect(number).wish
    if asked.ConsoleSize and (len(asked.ConsoleSize) != 2 or not asked.Tty):
        raise Refused(400, "ConsoleSize has to be [rows, columns] and needs a terminal")
    size = (asked.ConsoleSize[0], asked.ConsoleSize[1]) if asked.ConsoleSize else None
    call.request.app[TAKEOVERS].make_room()
    execs, error = call.daemon.execs, None
    try:
        streams = await execs.start(number, detach=asked.Detach, tty=asked.Tty, size=size)
    except Refused as refused:
        if asked.Detach or execs.inspect(number).exit is None:
            raise
        streams, error = None, refused
    if error is not None:
        streams = takeover.spoken(f"{error.what}\r\n".encode(), tty=wish.tty)
    if streams is None:
        return nothing(200)
    heard = wish.stdout or error is not None
    ways = takeover.Ways(stdin=wish.stdin, stdout=heard, stderr=wish.stderr, detach=takeover.keys(wish.detach_keys))
    return await takeover.answer_with(call, call.request.app[TAKEOVERS], streams, ways)


async def resize(call: Call) -> web.StreamResponse:
    """POST /exec/{id}/resize: ``h`` rows, ``w`` columns."""
    rows, columns = call.size()
    await call.daemon.execs.resize(call.words["id"], rows, columns)
    return nothing(200)


async def inspect(call: Call) -> web.StreamResponse:
    """GET /exec/{id}/json."""
    return answer(exec_object(call.daemon.execs.inspect(call.words["id"])))


def exec_object(one: ExecState) -> dict[str, object]:
    """Docker's."""
    wish = one.wish
    return {
        "ID": one.id, "Running": one.running, "ExitCode": one.exit, "Pid": one.pid, "ContainerID": one.container,
        "CanRemove": False, "DetachKeys": wish.detach_keys, "OpenStdin": wish.stdin, "OpenStdout": wish.stdout,
        "OpenStderr": wish.stderr,
        "ProcessConfig": {
            "tty": wish.tty, "entrypoint": wish.command[0], "arguments": list(wish.command[1:]), "privileged": False,
            "user": wish.user or "",
        },
    }  # fmt: skip
