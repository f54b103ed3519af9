"""One instance's process, from its dependencies to its end and, by its restart policy, round again.

    created    nothing was done yet
    waiting    for what it depends on (``why`` says for what)
    running    its command runs, or it is an idle namespace
    restarting its command ended, the next start waits for the back-off
    exited     its command ended, or was stopped; it does not start by itself any more
    failed     it could not be started, or what it depends on will never be as it must (``why``)

The last two are final. A Supervisor lives on the event loop; what blocks (the helper, stops, checks) is done in threads.
"""

from __future__ import annotations

import asyncio
import time
from typing import Protocol

from dataplane.errors import UserError
from dataplane.live.backoff import Backoff
from dataplane.live.dependencies import unmet
from dataplane.live.health import Health, argv
from dataplane.model import Instance
from dataplane.proc.instance import Instance as Process
from dataplane.proc.spec import Status

CREATED, WAITING, RUNNING, RESTARTING, EXITED, FAILED = "created", "waiting", "running", "restarting", "exited", "failed"
FINAL = frozenset({EXITED, FAILED})
CHECK_OUTPUT = 4096
SECOND = 1e9


class Surroundings(Protocol):
    """What a Supervisor needs of its lab."""

    def spawn(self, instance: Instance) -> Process:
        """Start the instance's process; blocks. UserError: it does not start."""

    def instances_of(self, service: str) -> list[Supervisor]:
        """All instances of another service."""

    def tell(self, what: str, who: str, detail: str = "") -> None:
        """An event, which also wakes whoever waits for a state."""

    def news(self) -> asyncio.Event:
        """Set by the next event."""


class Supervisor:
    """The states of one instance. Only its own task, ``run``, and ``stop`` change them."""

    def __init__(self, instance: Instance, lab: Surroundings) -> None:
        self.instance = instance
        self._lab = lab
        self.state = CREATED
        self.why = ""
        self.mend = ""
        self.health: Health | None = None
        self.exit: int | None = None
        self.started: int | None = None
        self.finished: int | None = None
        self.restarts = 0
        self.process: Process | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def name(self) -> str:
        """The instance's."""
        return self.instance.name

    @property
    def idle(self) -> bool:
        """There is no command to run."""
        return not (self.instance.service.process.run and self.instance.service.process.command)

    @property
    def settled(self) -> bool:
        """It has been started, or never will be: what ``up`` waits for."""
        return self.started is not None or self.state in FINAL

    def start(self) -> None:
        """Begin to supervise."""
        self._task = asyncio.create_task(self.run(), name=f"supervise {self.name}")

    def _become(self, state: str, what: str, why: str = "") -> None:
        self.state, self.why = state, why
        self._lab.tell(what, self.name, why)

    async def run(self) -> None:
        """Until the state is final."""
        try:
            await self._wait_for_dependencies()
            await self._live()
        except UserError as error:
            self.exit = error.status if error.status in {126, 127} else self.exit
            self.mend = error.mend
            self._become(FAILED, "fail", f"{error.where}: {error.what}" if error.where else error.what)

    async def _wait_for_dependencies(self) -> None:
        while True:
            news = self._lab.news()
            blocked = unmet(self.instance.service, self._lab.instances_of)
            if not blocked.reason:
                for sentence in blocked.warnings:
                    self._lab.tell("warning", self.name, sentence)
                return
            if blocked.for_ever:
                raise UserError(f"dependency failed to start: {blocked.reason}", status=1)
            if self.state != WAITING or self.why != blocked.reason:
                self._become(WAITING, "wait", blocked.reason)
            await news.wait()

    async def _live(self) -> None:
        backoff = Backoff(self.instance.service.restart)
        while True:
            self.process = await self._spawn()
            self.started, self.finished, self.exit = time.time_ns(), None, None
            check = self.instance.service.healthcheck
            self.health = Health(check) if check is not None and argv(check.test) else None
            self._become(RUNNING, "start")
            for note in self.process.status().notes:
                self._lab.tell("note", self.name, note)  # what this kernel would not do for it
            status = await self._until_end(self.process)
            self.exit, self.finished = status.exit, status.finished or time.time_ns()
            self.process.close()
            self.process = None
            self._lab.tell("die", self.name, f"exit status {self.exit}")
            backoff.restart = self.instance.service.restart
            delay = None if self.idle else backoff.after(self.exit or 0, (self.finished - self.started) / SECOND)
            if delay is None:
                self._become(EXITED, "end")
                return
            self._become(RESTARTING, "restart", f"starts again in {delay:g} s")
            await asyncio.sleep(delay)
            self.restarts += 1

    async def _spawn(self) -> Process:
        spawning = asyncio.ensure_future(asyncio.to_thread(self._lab.spawn, self.instance))
        try:
            return await asyncio.shield(spawning)
        except asyncio.CancelledError:
            # Told to stop meanwhile: a process that no one knows must not be left.
            self.process = await spawning
            raise

    async def _until_end(self, process: Process) -> Status:
        loop = asyncio.get_running_loop()
        ended = asyncio.Event()
        loop.add_reader(process.fileno(), ended.set)
        checks = asyncio.create_task(self._check(process)) if self.health else None
        try:
            await ended.wait()
        finally:
            loop.remove_reader(process.fileno())
            if checks:
                checks.cancel()
        return process.status()

    async def _check(self, process: Process) -> None:
        """The healthcheck, for ever. ``timeout`` bounds each, so that a hanging one fails."""
        assert self.health is not None
        health, begun = self.health, time.monotonic()
        command, timeout = argv(health.check.test), health.check.timeout_ns / SECOND
        while True:
            await asyncio.sleep(health.wait(time.monotonic() - begun))
            age = time.monotonic() - begun
            try:
                code, output = await asyncio.to_thread(process.run, command, timeout=timeout, limit=CHECK_OUTPUT)
            except UserError as error:
                code, output = error.status, error.what.encode()
            said = f"no answer within {timeout:g} s" if code is None else output.decode("utf-8", "replace").strip()
            if health.take(code == 0, age, said):
                self._lab.tell("health", self.name, health.state)

    async def stop(self, grace: float | None = None) -> None:
        """End it: stop signal, SIGKILL after ``grace`` seconds (the service's own by default). It does not start again."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        process = self.process
        if process is None:
            if self.state not in FINAL:
                self._become(EXITED, "stop")
            return
        seconds = self.instance.service.process.stop_grace_period_ns / SECOND if grace is None else grace
        await asyncio.to_thread(process.stop, seconds)
        status = process.status()
        process.close()
        self.process, self.exit, self.finished = None, status.exit, status.finished or time.time_ns()
        self._become(EXITED, "stop", f"exit status {self.exit}")
