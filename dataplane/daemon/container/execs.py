"""`docker exec`: a command beside a container's own, first created, then started, then asked how it ended (``face.Execs``)."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dataplane.daemon.container.exec_streams import ExecStreams
from dataplane.daemon.container.starting import EXEC, refusal
from dataplane.daemon.face import ExecState, ExecWish, Streams
from dataplane.desired.records import PAUSED
from dataplane.desired.refused import Refused
from dataplane.errors import UserError
from dataplane.live import terminal
from dataplane.proc.execution import Execution

if TYPE_CHECKING:
    from dataplane.daemon.container.life import Life
    from dataplane.daemon.containers import Containers

KEPT = 1024
"""Commands that are remembered; the oldest that have ended give way."""


@dataclass(slots=True)
class _Exec:
    id: str
    container: str
    wish: ExecWish
    begun: bool = False
    running: bool = False
    exit: int | None = None
    pid: int = 0
    size: tuple[int, int] | None = None
    streams: ExecStreams | None = field(default=None, repr=False)


class Execs:
    """Of one daemon."""

    def __init__(self, containers: Containers) -> None:
        self._containers = containers
        self._known: dict[str, _Exec] = {}
        self._watching: set[asyncio.Task[None]] = set()
        containers.forget.append(self._forget)

    async def create(self, container: str, wish: ExecWish) -> str:
        """The id. Refused: the container does not run (409), or there is no command (400)."""
        life = self._life(container)
        if not wish.command:
            raise Refused(400, "no exec command specified")
        if len(self._known) >= KEPT:
            over = next((one for one in self._known.values() if not one.running), None)
            if over is None:
                raise Refused(500, f"{KEPT} commands run already", mend="wait until one ends")
            del self._known[over.id]
        one = _Exec(secrets.token_hex(32), life.id, wish)
        self._known[one.id] = one
        self._tell(life, one, f"exec_create: {' '.join(wish.command)}")
        return one.id

    async def start(self, exec_id: str, *, detach: bool, tty: bool, size: tuple[int, int] | None = None) -> Streams | None:
        """None where it is detached. Refused: it was started before (409), or does not start (400; its exit is 126 or 127 then)."""
        one = self._find(exec_id)
        if one.begun:
            word = "is already running" if one.running else "has already run"
            raise Refused(409, f"exec command {one.id} {word}")
        life = self._life(one.container)
        one.begun = one.running = True
        one.size = size or one.size
        self._tell(life, one, f"exec_start: {' '.join(one.wish.command)}")
        starting = asyncio.ensure_future(self._start(life, one, detach=detach, tty=tty or one.wish.tty))
        return await asyncio.shield(starting)

    async def _start(self, life: Life, one: _Exec, *, detach: bool, tty: bool) -> Streams | None:
        wish, process = one.wish, life.process
        stdin = wish.stdin and not detach
        ours, theirs = terminal.pair(one.size) if tty else (_nowhere() if detach else terminal.pipes(stdin))
        try:
            if process is None:
                raise Refused(409, f"container {life.id} is not running")
            env, folder = dict(wish.environment), wish.working_dir or None
            execution = await asyncio.to_thread(
                lambda: process.exec(
                    wish.command, theirs, env=env, working_dir=folder, user=wish.user or life.record.process.user or None, tty=tty
                )
            )
        except UserError as error:
            terminal.close(ours)
            one.running = False
            default = life.record.process.working_dir or "/"
            refused, status = (error, 126) if isinstance(error, Refused) else refusal(error, wish.command, folder or default, EXEC)
            one.exit = status if status in {126, 127} else 126
            raise refused from None
        finally:
            terminal.close(theirs)
        streams = None if detach and not tty else ExecStreams(ours, tty=tty, stdin=stdin)
        one.streams, one.pid = streams, execution.pid
        task = asyncio.create_task(self._watch(life, one, execution), name=f"exec in {life.id[:12]}")
        self._watching.add(task)
        task.add_done_callback(self._watching.discard)
        if detach:
            if streams is not None:
                streams.close()
            return None
        assert streams is not None
        return streams.streams()

    async def _watch(self, life: Life, one: _Exec, execution: Execution) -> None:
        loop, news, status = asyncio.get_running_loop(), asyncio.Event(), None
        loop.add_reader(execution.fileno(), news.set)
        try:
            while status is None:
                await news.wait()
                news.clear()
                status = execution.wait(0.0)
        finally:
            loop.remove_reader(execution.fileno())
            execution.close()
            one.running, one.pid = False, 0
            one.exit = 128 + signal.SIGKILL if status is None else status
            if one.streams is not None:
                one.streams.ended()
        if one.container in self._containers.core.state.containers:
            self._tell(life, one, "exec_die", exitCode=str(one.exit))

    async def resize(self, exec_id: str, rows: int, columns: int) -> None:
        """Of its terminal, now or from its start on. Refused 404, 409."""
        one = self._find(exec_id)
        one.size = (rows, columns)
        if one.begun and not one.running:
            raise Refused(409, f"exec command {one.id} has already run")
        if one.streams is not None and one.streams.terminal >= 0:
            terminal.resize(one.streams.terminal, rows, columns)

    def inspect(self, exec_id: str) -> ExecState:
        """How it fares. Refused 404."""
        one = self._find(exec_id)
        return ExecState(one.id, one.container, one.wish, one.running, one.exit, one.pid)

    def of(self, container: str) -> list[str]:
        """The ids of those that run in the container of that id."""
        return [one.id for one in self._known.values() if one.container == container and one.running]

    def _find(self, exec_id: str) -> _Exec:
        found = self._known.get(exec_id)
        if found is None:
            raise Refused(404, f"No such exec instance: {exec_id[:64]}")
        return found

    def _life(self, container: str) -> Life:
        life = self._containers.running(container)
        if life.record.fate.state == PAUSED:
            raise Refused(409, f"Container {life.id} is paused, unpause the container before exec")
        return life

    def _tell(self, life: Life, one: _Exec, action: str, **more: str) -> None:
        life.tell(action, execID=one.id, **more)

    def _forget(self, container: str) -> None:
        for one in [one for one in self._known.values() if one.container == container and not one.running]:
            del self._known[one.id]


def _nowhere() -> tuple[terminal.Three, terminal.Three]:
    """No ends of ours; theirs are nothing at all, and outlive the daemon."""
    null = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    return (-1, -1, -1), (null, null, null)
