"""One container's process: started, watched, and by its restart policy round again. Docker's rules.

The desired state says that a container runs before its process does, and until its end was seen: a daemon that was killed in
between finds it as a container that has ended, and goes on from there.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from dataplane.daemon.container import freezer
from dataplane.daemon.container.checks import Checks, wanted
from dataplane.daemon.container.early import Early
from dataplane.daemon.container.happened import happened
from dataplane.daemon.container.pausing import unpause
from dataplane.daemon.container.restarts import Restarts
from dataplane.daemon.container.starting import CREATE, UNKNOWN, Files, refusal, spawn, spec_of
from dataplane.daemon.container.waiters import Waiters
from dataplane.daemon.ended import EndedError
from dataplane.desired import fates
from dataplane.desired.records import ALIVE, EXITED, PAUSED, RESTARTING, ContainerRecord, State
from dataplane.desired.refused import Refused
from dataplane.errors import UserError
from dataplane.proc.instance import Instance
from dataplane.proc.spec import Status

if TYPE_CHECKING:
    from dataplane.daemon.core import Core
    from dataplane.daemon.events import Events

SECOND = 1e9
KILL = 10.0
"""Seconds that a killed container has to be gone, before its shim is killed."""


class Life:
    """Of one container, as long as the daemon knows it. ``removed`` is called where it removes itself (`--rm`)."""

    def __init__(self, core: Core, events: Events, files: Files | None, id: str, remove: Callable[[str], Awaitable[None]]) -> None:
        self.core, self.events, self.files, self.id = core, events, files, id
        self.lock = asyncio.Lock()  # one start, pause or removal at a time
        self.process: Instance | None = None
        self.checks: Checks | None = None
        self.early = Early(id)
        self.waiters = Waiters()
        self.restarts = Restarts(id[:12], self._start_again)
        self._remove = remove
        self._leave = False  # who ended it wants it ended
        self._staying = False
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def record(self) -> ContainerRecord:
        """As it is now. Refused 404: it was removed."""
        return self.core.record(self.id)

    @property
    def place(self) -> Path:
        """The folder of its shims."""
        return self.core.folder / "instances" / self.id[:12]

    def tell(self, action: str, **more: str) -> None:
        """Something happened to it."""
        self.events.tell(self.record, action, **more)

    # -- its start ----------------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """By a user: the count of restarts begins anew. Refused: it does not start."""
        self._leave = False
        self.restarts.renew(self.record.restart)
        await self._launch(0)

    async def _launch(self, restarts: int) -> None:
        core = self.core
        now = time.time_ns()
        (self.place / "status.json").unlink(missing_ok=True)  # of the run before
        early = self.early.take()
        try:
            try:
                async with core.lock:
                    await core.change_with(lambda taken: self._started(now, restarts, taken))
                binds = self.files.write(core.state, self.id) if self.files is not None else {}
                log = await asyncio.to_thread(core.kept.take, self.id)
                spec = spec_of(core.state, self.record, core.namespace(self.id), binds, log)
                process = await asyncio.to_thread(spawn, core.helper, core.folder, spec, [one.fileno() for one in early])
            except Exception as error:  # a fault of ours as well: it does not run
                await self._failed(error)
        finally:
            for one in early:
                one.close()
        self.watch(process)
        self.tell("start")

    def _started(self, now: int, restarts: int, taken: Collection[tuple[str, int]]) -> State:
        self.core.record(self.id)  # Refused where it was removed meanwhile
        state = fates.started(self.core.state, self.id, now=now, taken=taken)
        return fates.with_fate(state, self.id, replace(state.containers[self.id].fate, restarts=restarts))

    async def _failed(self, error: Exception) -> NoReturn:
        """It does not run, and says why. Raises Refused."""
        if not isinstance(error, UserError):
            traceback.print_exc()
            error = UserError(f"{type(error).__name__}: {error}", status=1)
        refused, status, process = error, UNKNOWN, self.record.process
        if not isinstance(error, Refused):
            refused, status = refusal(error, process.command, process.working_dir or "/", CREATE)
        if self.id in self.core.state.containers:
            await happened(self.core, self.id, lambda state: fates.failed(state, self.id, refused.what, exit=status))
            if self.record.auto_remove:
                await self._remove(self.id)
        raise refused from None

    def watch(self, process: Instance) -> None:
        """It runs as that process, from now on or since before this daemon."""
        self.process = process
        asyncio.get_running_loop().add_reader(process.fileno(), self._seen_ending, process)
        check = self.record.healthcheck
        if check is not None and wanted(check):
            self.checks = Checks(check, process, self.tell, lambda: self.record.fate.state == PAUSED)

    # -- its end ------------------------------------------------------------------------------------------------------------

    def _seen_ending(self, process: Instance) -> None:
        asyncio.get_running_loop().remove_reader(process.fileno())
        task = asyncio.create_task(self._ending(process), name=f"end of {self.id[:12]}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _ending(self, process: Instance) -> None:
        try:
            status = await asyncio.to_thread(process.status)
            if self.process is not process:
                return  # let go of meanwhile: the next daemon sees its end
            self.process = None
            process.close()
            with suppress(ChildProcessError):  # ours, where its helper has ended before it
                os.waitpid(process.pid, os.WNOHANG)
            if self.record.fate.state == PAUSED:
                await asyncio.to_thread(freezer.forget, self.place)
            await self.ended(status)
        except EndedError:
            return
        except Exception:  # nobody waits for this task
            traceback.print_exc()

    async def ended(self, status: Status, *, lost: bool = False) -> None:
        """It has ended; what its policy says is done. ``lost``: with the machine, and its exit status was never seen."""
        if self.checks is not None:
            self.checks.stop()
            self.checks = None
        record = self.record
        code, finished = status.exit or 0, status.finished or time.time_ns()
        ran = max(0, finished - record.fate.started) / SECOND
        stays = self._leave or (lost and record.restart.policy == "on-failure")
        delay = None if stays else self.restarts.delay(record, code, ran)
        state = EXITED if delay is None else RESTARTING
        restarts = record.fate.restarts + (delay is not None)
        fate = replace(record.fate, state=state, exit=code, finished=finished, restarts=restarts, stopped=self._leave)
        self.events.next(self.record, "die", exitCode=str(code), execDuration=str(int(ran)))
        await happened(self.core, self.id, lambda known: fates.ended(known, self.id, fate))
        if delay is not None:
            self.restarts.soon(delay)
        self.waiters.ended(code)
        if delay is None and record.auto_remove and not self._staying:
            with suppress(Refused):  # somebody was faster, and removed it, or started it again
                await self._remove(self.id)

    # -- by itself ------------------------------------------------------------------------------------------------------------

    async def _start_again(self) -> None:
        async with self.lock:
            self.restarts.begun()
            if self.record.fate.state != RESTARTING:
                return
            try:
                await self._launch(self.record.fate.restarts)
            except UserError as error:
                self.tell("die", exitCode=str(UNKNOWN), error=error.what)

    async def restore(self) -> None:
        """The policy wants it to run, and it was not about to: a daemon that begins."""
        fate = replace(self.record.fate, state=RESTARTING)
        await happened(self.core, self.id, lambda state: fates.with_fate(state, self.id, fate))
        self.restarts.soon(0.0)

    async def give_up_restart(self) -> bool:
        """It was about to start again, and does not. False: it was not."""
        if self.record.fate.state != RESTARTING:
            return False
        async with self.lock:
            if self.record.fate.state != RESTARTING:
                return False
            self.restarts.cancel()
            fate = replace(self.record.fate, state=EXITED, stopped=True)
            await happened(self.core, self.id, lambda state: fates.ended(state, self.id, fate))
            self.waiters.ended(fate.exit)
            return True

    def gone(self, code: int) -> None:
        """It was removed: whoever waits for it is told."""
        self.restarts.cancel()
        self.early.send_away()
        self.waiters.removed(code)

    # -- signals ------------------------------------------------------------------------------------------------------------

    async def settled(self) -> None:
        """Whoever starts, pauses or removes it just now is done: one that is said to run has a process."""
        async with self.lock:
            return

    async def stop(self, number: int, grace: float) -> bool:
        """Signal, SIGKILL after ``grace`` seconds (negative: never); returns when it has ended. False: it did not run."""
        await self.settled()
        if await self.give_up_restart():
            return True
        if self.record.fate.state not in ALIVE:
            return False
        self._leave = True
        ended = self.waiters.exit()
        if self.record.fate.state not in ALIVE:
            return True
        await self.signal(number)
        done, _ = await asyncio.wait({ended}, timeout=None if grace < 0 else grace)
        if not done:
            await self.kill()
        self.tell("stop")
        return True

    async def kill(self) -> None:
        """SIGKILL, and wait for its end; its shim's too if need be. One that was about to start again does not."""
        await self.settled()
        if await self.give_up_restart():
            return
        self._leave = True
        if self.record.fate.state not in ALIVE:
            return
        ended = self.waiters.exit()
        await self.signal(signal.SIGKILL)
        done, _ = await asyncio.wait({ended}, timeout=KILL)
        if not done and (process := self.process) is not None:
            await asyncio.to_thread(freezer.forget, self.place)  # else neither it nor its shim would end
            await asyncio.to_thread(process.kill)
            await ended

    @asynccontextmanager
    async def staying(self) -> AsyncIterator[None]:
        """What ends it inside is no wish to have it ended: it starts again at once, and `--rm` does not remove it."""
        self._staying = True
        try:
            yield
        finally:
            self._staying = False

    async def signal(self, number: int, *, leave: bool = False) -> None:
        """Send its command a signal; one that is paused goes on with it, where that is to end it. ``leave``: it is wanted ended."""
        self._leave = self._leave or leave
        self.tell("kill", signal=str(number))
        process = self.process
        if process is not None:
            with suppress(UserError):  # it has just ended
                await asyncio.to_thread(process.signal, number)
        if self._leave and self.record.fate.state == PAUSED:
            await unpause(self)

    def let_go(self) -> None:
        """The daemon ends; the process does not."""
        self.restarts.cancel()
        if self.checks is not None:
            self.checks.stop()
        if self.process is not None:
            asyncio.get_running_loop().remove_reader(self.process.fileno())
            self.process.close()
            self.process = None
        self.early.send_away()
