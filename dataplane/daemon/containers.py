"""`docker container`: what is asked of the daemon becomes a state, a process, and what both tell (``face.Containers``)."""

from __future__ import annotations

import asyncio
import shutil
import signal as signals
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from dataplane.carried import Carried
from dataplane.daemon.container import logs as log
from dataplane.daemon.container.attach import attach
from dataplane.daemon.container.life import Life
from dataplane.daemon.container.members import members
from dataplane.daemon.container.pausing import pause, unpause
from dataplane.daemon.container.starting import Files
from dataplane.daemon.container.usage import usage
from dataplane.daemon.core import new_id
from dataplane.daemon.face import LogLine, Streams, Usage
from dataplane.desired import containers as wanted
from dataplane.desired import references
from dataplane.desired.records import ALIVE, PAUSED, RESTARTING, ContainerRecord
from dataplane.desired.refused import Refused
from dataplane.desired.wishes import ContainerWish
from dataplane.errors import UserError
from dataplane.proc.spec import signal_number

if TYPE_CHECKING:
    from dataplane.daemon.core import Core
    from dataplane.daemon.events import Events

SECOND = 1e9
BUSY = frozenset({*ALIVE, RESTARTING})
"""What Docker counts as running."""


class Containers:
    """Of one daemon. ``files``: who makes resolv.conf, hosts and hostname; None: they are the host's. ``forget`` is called with the
    id of one that was removed."""

    def __init__(self, core: Core, events: Events, files: Files | None = None) -> None:
        self.core, self.events, self._files = core, events, files
        self.forget: list[Callable[[str], None]] = []
        self._lives: dict[str, Life] = {}
        self._carry = Carried().through

    # -- questions ----------------------------------------------------------------------------------------------------------

    def find(self, reference: str) -> ContainerRecord:
        """The container meant. Refused 404, or 400 where several are."""
        return references.container(self.core.state, reference)

    def life(self, id: str) -> Life:
        """The life of the container of that id."""
        found = self._lives.get(id)
        if found is None:
            found = self._lives[id] = Life(self.core, self.events, self._files, id, self._remove)
        return found

    def running(self, reference: str) -> Life:
        """The life of one that has a process, paused or not. Refused 409."""
        record = self.find(reference)
        if record.fate.state == RESTARTING:
            raise Refused(409, f"container {record.id} is restarting, wait until the container is running")
        life = self.life(record.id)
        if not record.alive or life.process is None:
            raise Refused(409, f"container {record.id} is not running")
        return life

    def pid(self, reference: str) -> int:
        """The host's number of its init, 0 where it does not run."""
        process = self.life(self.find(reference).id).process
        return process.pid if process is not None else 0

    def health(self, reference: str) -> tuple[str, int, Sequence[Mapping[str, object]]]:
        """starting, healthy, unhealthy or none; failures in a row; the last five results."""
        checks = self.life(self.find(reference).id).checks
        return ("none", 0, ()) if checks is None else checks.state()

    async def top(self, reference: str) -> Sequence[int]:
        """The host's numbers of its processes, its shim left out. Refused 409."""
        life = self.running(reference)
        assert life.process is not None
        found = await asyncio.to_thread(members, life.process.pid)
        return [one.pid for one in found[1:]]

    async def usage(self, reference: str) -> Usage:
        """What it uses now; nothing where it does not run."""
        record = self.find(reference)
        process = self.life(record.id).process
        if process is None:
            return Usage(0, 0, 0, {})
        rows = (await self.core.engine.call(lambda dataplane: dataplane.traffic())).tolist()
        endpoints = references.endpoints_of(self.core.state, record.id)
        return await asyncio.to_thread(usage, process.pid, endpoints, rows)

    # -- from their making to their removal -----------------------------------------------------------------------------------

    async def create(self, wish: ContainerWish) -> tuple[str, list[str]]:
        """The id, and warnings. Refused (400 for a stop signal that there is not)."""
        core = self.core
        _number(wish.record.process.stop_signal)
        async with core.lock:
            state, record, warnings = wanted.create(core.state, wish, id=new_id(), now=time.time_ns())
            await core.change_to(state)
        self.events.tell(record, "create")
        return record.id, warnings

    async def start(self, reference: str) -> bool:
        """False: it runs already. Refused: it cannot, and says why."""
        return await self._carry(self._start(self.find(reference).id))

    async def _start(self, id: str) -> bool:
        life = self.life(id)
        async with life.lock:
            state = life.record.fate.state
            if state == PAUSED:
                raise Refused(409, "cannot start a paused container, try unpause instead")
            if state in BUSY:
                return False
            await life.start()
        return True

    async def stop(self, reference: str, *, grace: float | None = None, signal: str = "") -> bool:
        """False: it did not run."""
        record = self.find(reference)
        return await self._carry(self._stop(record, grace, signal))

    async def _stop(self, record: ContainerRecord, grace: float | None, signal: str) -> bool:
        number = _number(signal or record.process.stop_signal or "SIGTERM")
        seconds = record.process.stop_grace_period_ns / SECOND if grace is None else grace
        return await self.life(record.id).stop(number, seconds)

    async def restart(self, reference: str, *, grace: float | None = None, signal: str = "") -> None:
        """Stop it if it runs, and start it."""
        await self._carry(self._restart(self.find(reference), grace, signal))

    async def _restart(self, record: ContainerRecord, grace: float | None, signal: str) -> None:
        life = self.life(record.id)
        async with life.staying():
            await self._stop(record, grace, signal)
        await self._start(record.id)
        life.tell("restart")

    async def kill(self, reference: str, signal: str = "SIGKILL") -> None:
        """Send a signal; SIGKILL returns when it has ended. Refused 409: it does not run."""
        number = _number(signal or "SIGKILL")
        record = self.find(reference)
        life = self.life(record.id)
        if record.fate.state == RESTARTING:
            await self._carry(life.give_up_restart())
            return
        if not record.alive:
            raise Refused(409, f"cannot kill container: {reference}: container {record.id} is not running")
        if number == signals.SIGKILL:
            await self._carry(life.kill())
        else:
            await life.settled()
            leave = number == _number(record.process.stop_signal or "SIGTERM")
            await self._carry(life.signal(number, leave=leave))

    async def pause(self, reference: str) -> None:
        """Freeze it. Refused 409: it does not run, or is paused."""
        life = self.running(reference)
        async with life.lock:
            if life.record.fate.state == PAUSED:
                raise Refused(409, f"container {life.id} is already paused")
            if life.process is None:
                raise Refused(409, f"container {life.id} is not running")
            await self._carry(pause(life))

    async def unpause(self, reference: str) -> None:
        """Thaw it. Refused: it is not paused."""
        life = self.life(self.find(reference).id)
        async with life.lock:
            if life.record.fate.state != PAUSED:
                raise Refused(500, f"container {life.id} is not paused")
            await self._carry(unpause(life))

    async def rename(self, reference: str, name: str) -> None:
        """Refused 400, 409."""
        core = self.core
        async with core.lock:
            record = self.find(reference)
            await core.change_to(wanted.rename(core.state, record.id, name))
        self.events.tell(core.record(record.id), "rename", oldName=f"/{record.name}")

    async def remove(self, reference: str, *, force: bool = False) -> None:
        """Refused 409: it runs. ``force``: it is killed first."""
        record = self.find(reference)
        life = self.life(record.id)
        if force:
            await self._carry(life.kill())
            if record.id not in self.core.state.containers:
                return  # it was to remove itself
        async with life.lock:
            await self._carry(self._remove(record.id))

    async def _remove(self, id: str) -> None:
        core = self.core
        async with core.lock:
            record = core.record(id)  # another may have removed it just now
            await core.change_to(wanted.remove(core.state, id))
        await self._clear([record])

    async def prune(self, chosen: Callable[[ContainerRecord], bool]) -> list[str]:
        """Remove those that do not run and are ``chosen``; their ids."""
        core = self.core
        async with core.lock:
            before = core.state.containers
            state, ids = wanted.prune(core.state, chosen)
            await core.change_to(state)
        await self._carry(self._clear([before[id] for id in ids]))
        return ids

    async def _clear(self, records: Sequence[ContainerRecord]) -> None:
        """Nothing is left of those that were removed."""
        for record in records:
            life = self.life(record.id)
            del self._lives[record.id]
            await asyncio.to_thread(self._clear_files, life)
            self.events.tell(record, "destroy")
            life.gone(record.fate.exit)
            for forget in self.forget:
                forget(record.id)

    def _clear_files(self, life: Life) -> None:
        if self._files is not None:
            self._files.forget(life.id)
        self.core.kept.forget(life.id)
        shutil.rmtree(life.place, ignore_errors=True)

    # -- waiting, and what it says --------------------------------------------------------------------------------------------

    async def wait(self, reference: str, condition: str = "not-running") -> int:
        """The exit status at its next end; at once where it does not run and ``condition`` is not-running; once it is removed."""
        record = self.find(reference)
        life = self.life(record.id)
        if condition == "removed":
            return await life.waiters.removal()
        if condition not in {"", "not-running", "next-exit"}:
            raise Refused(400, f'invalid condition: "{condition}"')
        if condition != "next-exit" and record.fate.state not in BUSY:
            return record.fate.exit
        return await life.waiters.exit()

    async def attach(self, reference: str, *, stdin: bool, logs: bool) -> Streams:
        """To one that runs; to another from its next start on. ``logs``: what it wrote before comes first."""
        record = self.find(reference)
        if record.fate.state == PAUSED:
            raise Refused(409, f"container {record.id} is paused, unpause the container before attach")
        if record.fate.state == RESTARTING:
            raise Refused(409, f"container {record.id} is restarting, wait until the container is running")
        return await attach(self.life(record.id), stdin=stdin, logs=logs)

    async def resize(self, reference: str, rows: int, columns: int) -> None:
        """Of its terminal. Refused 409: it does not run."""
        life = self.running(reference)
        assert life.process is not None
        await asyncio.to_thread(life.process.resize, rows, columns)
        life.tell("resize", height=str(rows), width=str(columns))

    def logs(
        self, reference: str, *, since: int = 0, until: int = 0, tail: int | None = None, follow: bool = False
    ) -> AsyncIterator[LogLine]:
        """Lines from ``since`` until ``until`` (ns, 0: no bound), the last ``tail`` of them; with ``follow`` until it ends."""
        record = self.find(reference)

        def ended() -> bool:
            known = self.core.state.containers.get(record.id)
            return known is None or known.fate.state not in BUSY

        return log.logs(self.core.kept.place(record.id), since=since, until=until, tail=tail, follow=follow, ended=ended)

    # -- all of them ----------------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """The daemon ends; what runs goes on."""
        for life in self._lives.values():
            life.let_go()


def _number(name: str) -> int:
    try:
        return signal_number(name)
    except UserError:
        raise Refused(400, f"invalid signal: {name}") from None
