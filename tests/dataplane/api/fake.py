"""A daemon in memory: the state is real (``dataplane.desired``), processes are pretended, packets there are none.

Programs: echo, complain (stderr), sleep, exit N, cat, /bin/sh (answers "$ " and the line; exit N), two, flood. Others end with 127.
"""

from __future__ import annotations

import asyncio
import functools
import secrets
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from dataplane.daemon.face import Event, ExecState, ExecWish, LogLine, Lookup, Papers, Streams, Usage
from dataplane.desired import connecting, containers, fates, networks, references
from dataplane.desired.records import EXITED, PAUSED, RUNNING, ContainerRecord, NetworkRecord, State
from dataplane.desired.refused import Refused
from dataplane.desired.surroundings import Surroundings
from dataplane.desired.wishes import ContainerWish, EndpointWish, NetworkWish
from tests.dataplane.api.pretended import MISSING, Pretended

SIGNALS = {"SIGKILL": 137, "KILL": 137, "9": 137, "SIGTERM": 143, "TERM": 143, "15": 143, "SIGINT": 130, "SIGHUP": 129}


def new_id() -> str:
    return secrets.token_hex(32)


class Fake:
    """face.Daemon."""

    def __init__(self, *, any_image: bool = False) -> None:
        self.name, self.any_image = "fake", any_image
        self.around = Surroundings(daemon="fake")
        self.state: State = networks.fresh(self.around, ids=(new_id(), new_id(), new_id()), now=time.time_ns())
        self.networks, self.containers = FakeNetworks(self), FakeContainers(self)
        self.execs, self.events = FakeExecs(self), FakeEvents()

    @functools.cached_property
    def _packets(self) -> Any:
        # Only who looks inside needs an engine, whose modules are compiled ones.
        from tests.dataplane.api.packets import packets

        return packets(self)

    @property
    def core(self) -> Any:
        return self._packets[0]

    @property
    def inside(self) -> Any:
        return self._packets[1]

    def lookups(self, container: str) -> list[Lookup]:
        if self.state.containers[container].name != "asker":
            return []
        return [
            Lookup(1_700_000_000_500_000_000 + n, f"name{n}", "A", "udp", "NOERROR", 1, f"172.18.0.{n} on mine") for n in range(3)
        ]

    def papers(self, container: str) -> Papers:
        folder = f"/fake/{container}"
        started = self.state.containers[container].fate.started
        return Papers(resolv=f"{folder}/resolv", hosts=f"{folder}/hosts", log=f"{folder}/log") if started else Papers()

    def sandbox(self, container: str) -> str:
        one = self.state.containers[container]
        return f"/run/netns/fake-{one.short}" if one.alive else ""

    def tell(self, type: str, action: str, id: str, attributes: Mapping[str, str]) -> None:
        self.events.tell(Event(type, action, id, attributes, time.time_ns()))

    def of_container(self, action: str, one: ContainerRecord, **more: str) -> None:
        self.tell("container", action, one.id, {"image": one.image, "name": one.name, **one.labels, **more})

    def of_network(self, action: str, one: NetworkRecord, **more: str) -> None:
        self.tell("network", action, one.id, {"name": one.name, "type": one.driver, **more})


class FakeNetworks:
    def __init__(self, daemon: Fake) -> None:
        self._daemon = daemon

    def find(self, reference: str) -> NetworkRecord:
        return references.network(self._daemon.state, reference)

    async def create(self, wish: NetworkWish) -> tuple[str, str]:
        number = new_id()
        self._daemon.state, warning = networks.create(self._daemon.state, wish, self._daemon.around, id=number, now=time.time_ns())
        self._daemon.of_network("create", self.find(number))
        return number, warning

    async def remove(self, reference: str) -> None:
        one = self.find(reference)
        self._daemon.state = networks.remove(self._daemon.state, one.id)
        self._daemon.of_network("destroy", one)

    async def connect(self, network: str, container: str, wish: EndpointWish) -> None:
        one, who = self.find(network), self._daemon.containers.find(container)
        self._daemon.state = connecting.connect(self._daemon.state, one.id, who.id, wish, now=time.time_ns())
        self._daemon.of_network("connect", one, container=who.id)

    async def disconnect(self, network: str, container: str, *, force: bool = False) -> None:
        one, who = self.find(network), self._daemon.containers.find(container)
        self._daemon.state = connecting.disconnect(self._daemon.state, one.id, who.id, force=force)
        self._daemon.of_network("disconnect", one, container=who.id)

    async def prune(self, chosen: Callable[[NetworkRecord], bool]) -> list[str]:
        self._daemon.state, names = networks.prune(self._daemon.state, chosen)
        return names


class FakeContainers:
    def __init__(self, daemon: Fake) -> None:
        self._daemon = daemon
        self.running: dict[str, Pretended] = {}
        self._waiting: list[tuple[str, str, asyncio.Future[int]]] = []
        self._tasks: set[asyncio.Task[None]] = set()

    def find(self, reference: str) -> ContainerRecord:
        return references.container(self._daemon.state, reference)

    def pid(self, reference: str) -> int:
        return 4242 if self.find(reference).alive else 0

    def health(self, reference: str) -> tuple[str, int, Sequence[Mapping[str, object]]]:
        return ("starting", 0, ()) if self.find(reference).healthcheck else ("none", 0, ())

    def _alive(self, reference: str, doing: str) -> ContainerRecord:
        one = self.find(reference)
        if not one.alive:
            raise Refused(409, f"{doing}Container {one.id} is not running")
        return one

    async def create(self, wish: ContainerWish) -> tuple[str, list[str]]:
        number = new_id()
        self._daemon.state, one, warnings = containers.create(self._daemon.state, wish, id=number, now=time.time_ns())
        self._daemon.of_container("create", one)
        return number, warnings

    async def start(self, reference: str) -> bool:
        one = self.find(reference)
        if one.alive:
            return False
        self._daemon.state = fates.started(self._daemon.state, one.id, now=time.time_ns())
        process = Pretended(one.process.command, stdin=one.process.stdin_open, tty=one.process.tty)
        self.running[one.id] = process
        for network in one.attachments:
            self._daemon.of_network("connect", self._daemon.networks.find(network), container=one.id)
        self._daemon.of_container("start", one)
        task = asyncio.create_task(self._watch(one.id, process))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return True

    async def _watch(self, number: str, process: Pretended) -> None:
        status = await process.ended
        one = self.find(number)
        fate = replace(one.fate, state=EXITED, exit=status, finished=time.time_ns())
        self._daemon.state = fates.ended(self._daemon.state, number, fate)
        self._daemon.of_container("die", one, exitCode=str(status))
        self._tell_waiting(number, ("not-running", "next-exit"), status)
        if one.auto_remove:
            await self.remove(number)

    def _tell_waiting(self, number: str, conditions: tuple[str, ...], status: int) -> None:
        for who, condition, future in self._waiting:
            if who == number and condition in conditions and not future.done():
                future.set_result(status)
        self._waiting = [one for one in self._waiting if not one[2].done()]

    async def _ended(self, number: str) -> None:
        while self.find(number).alive:
            await asyncio.sleep(0)

    async def stop(self, reference: str, *, grace: float | None = None, signal: str = "") -> bool:
        one = self.find(reference)
        if not one.alive:
            return False
        self.running[one.id].end(SIGNALS.get(signal or one.process.stop_signal, 143))
        while one.id in self._daemon.state.containers and self.find(one.id).alive:
            await asyncio.sleep(0)
        return True

    async def restart(self, reference: str, *, grace: float | None = None, signal: str = "") -> None:
        await self.stop(reference, grace=grace, signal=signal)
        await self.start(reference)

    async def kill(self, reference: str, signal: str = "SIGKILL") -> None:
        one = self._alive(reference, f"Cannot kill container: {reference}: ")
        if signal not in SIGNALS:
            raise Refused(400, f"Invalid signal: {signal}")
        self.running[one.id].end(SIGNALS[signal])

    async def pause(self, reference: str) -> None:
        one = self._alive(reference, "")
        self._daemon.state = fates.with_fate(self._daemon.state, one.id, replace(one.fate, state=PAUSED))
        self._daemon.of_container("pause", one)

    async def unpause(self, reference: str) -> None:
        one = self.find(reference)
        if one.fate.state != PAUSED:
            raise Refused(409, f"Container {one.id} is not paused")
        self._daemon.state = fates.with_fate(self._daemon.state, one.id, replace(one.fate, state=RUNNING))
        self._daemon.of_container("unpause", one)

    async def rename(self, reference: str, name: str) -> None:
        one = self.find(reference)
        self._daemon.state = containers.rename(self._daemon.state, one.id, name)
        self._daemon.of_container("rename", self.find(one.id), oldName=f"/{one.name}")

    async def remove(self, reference: str, *, force: bool = False) -> None:
        one = self.find(reference)
        if force and one.alive:
            self.running[one.id].end(137)
            await self._ended(one.id)
        self._daemon.state = containers.remove(self._daemon.state, one.id)
        self._daemon.of_container("destroy", one)
        self._tell_waiting(one.id, ("removed", "not-running", "next-exit"), one.fate.exit)

    async def prune(self, chosen: Callable[[ContainerRecord], bool]) -> list[str]:
        self._daemon.state, gone = containers.prune(self._daemon.state, chosen)
        return gone

    async def wait(self, reference: str, condition: str = "not-running") -> int:
        one = self.find(reference)
        if condition == "not-running" and not one.alive:
            return one.fate.exit
        future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting.append((one.id, condition, future))
        return await future

    async def attach(self, reference: str, *, stdin: bool, logs: bool) -> Streams:
        """Before the start too, as Docker's clients do it: then of the process that comes next."""
        one = self.find(reference)
        if one.id in self.running and one.alive:
            return self.running[one.id].streams(stdin=stdin, logs=logs)
        before = self.running.get(one.id)
        real: asyncio.Future[Streams] = asyncio.get_running_loop().create_future()
        fed: list[bytes] = []

        async def output() -> AsyncIterator[tuple[int, bytes]]:
            while self.running.get(one.id) is before:  # the next may be over before anybody looks
                await asyncio.sleep(0)
            real.set_result(self.running[one.id].streams(stdin=stdin, logs=True))
            for data in fed:
                real.result().feed(data)
            async for piece in real.result().output:
                yield piece

        def feed(data: bytes) -> None:
            real.result().feed(data) if real.done() else fed.append(data)

        return Streams(output=output(), feed=feed if stdin else None, tty=one.process.tty, close=lambda: None)

    async def resize(self, reference: str, rows: int, columns: int) -> None:
        self.running[self._alive(reference, "").id].size = (rows, columns)

    async def logs(self, reference: str, *, since: int, until: int, tail: int | None, follow: bool) -> AsyncIterator[LogLine]:
        process = self.running.get(self.find(reference).id)
        lines = [one for one in process.lines if one.time >= since and (not until or one.time <= until)] if process else []
        for line in lines if tail is None else lines[len(lines) - min(tail, len(lines)) :]:
            yield line
        if follow and process is not None:
            streams = process.streams(stdin=False)
            async for stream, text in streams.output:
                yield LogLine(time.time_ns(), "stderr" if stream == 2 else "stdout", text)

    async def usage(self, reference: str) -> Usage:
        self._alive(reference, "")
        return Usage(10**9, 2**20, 1, {"eth0": dict.fromkeys(("rx_bytes", "rx_packets", "tx_bytes", "tx_packets"), 7)})

    async def top(self, reference: str) -> Sequence[int]:
        self._alive(reference, "")
        return [1]


class FakeExecs:
    def __init__(self, daemon: Fake) -> None:
        self._daemon = daemon
        self.known: dict[str, tuple[str, ExecWish, Pretended | None]] = {}

    async def create(self, container: str, wish: ExecWish) -> str:
        one = self._daemon.containers.find(container)
        if not one.alive:
            raise Refused(409, f"Container {one.id} is not running")
        number = new_id()
        self.known[number] = (one.id, wish, None)
        return number

    def of(self, container: str) -> list[str]:
        mine = ((number, process) for number, (where, _, process) in self.known.items() if where == container)
        return [number for number, process in mine if process is not None and not process.ended.done()]

    def _one(self, number: str) -> tuple[str, ExecWish, Pretended | None]:
        if number not in self.known:
            raise Refused(404, f"No such exec instance: {number[:64]}")
        return self.known[number]

    async def start(self, exec_id: str, *, detach: bool, tty: bool, size: tuple[int, int] | None = None) -> Streams | None:
        container, wish, process = self._one(exec_id)
        if process is not None:
            raise Refused(409, f"Error: Exec command {exec_id} is already running")
        process = Pretended(wish.command, stdin=wish.stdin, tty=wish.tty)
        self.known[exec_id] = (container, wish, process)
        if wish.command[0] == "nosuch":
            process.end(MISSING)
            raise Refused(400, 'OCI runtime exec failed: exec: "nosuch": executable file not found in $PATH: unknown')
        if size is not None:
            process.size = size
        return None if detach else process.streams(stdin=wish.stdin, logs=True)

    async def resize(self, exec_id: str, rows: int, columns: int) -> None:
        process = self._one(exec_id)[2]
        if process is not None:
            process.size = (rows, columns)

    def inspect(self, exec_id: str) -> ExecState:
        container, wish, process = self._one(exec_id)
        ended = process is not None and process.ended.done()
        status = process.ended.result() if process is not None and ended else None
        return ExecState(exec_id, container, wish, process is not None and not ended, status, 4243 if process else 0)


class FakeEvents:
    def __init__(self) -> None:
        self._past: list[Event] = []
        self.queues: list[asyncio.Queue[Event]] = []

    def tell(self, event: Event) -> None:
        self._past = [*self._past[-255:], event]
        for queue in self.queues:
            queue.put_nowait(event)

    def past(self, since: int, until: int) -> list[Event]:
        return [event for event in self._past if since <= event.time <= until]

    def follow(self) -> asyncio.Queue[Event]:
        self.queues.append(asyncio.Queue())
        return self.queues[-1]

    def leave(self, queue: asyncio.Queue[Event]) -> None:
        self.queues.remove(queue)
