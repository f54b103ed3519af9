"""A daemon without its API for tests: a core of a folder of the test's own, with containers, execs and events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from cores import core_in

from dataplane.daemon.container.adopting import adopt
from dataplane.daemon.container.execs import Execs
from dataplane.daemon.containers import Containers
from dataplane.daemon.core import Core
from dataplane.daemon.events import Events
from dataplane.daemon.face import Event, ExecWish, Streams
from dataplane.desired.records import ContainerRecord
from dataplane.desired.wishes import ContainerWish
from dataplane.errors import UserError
from dataplane.model import Process


class Crew:
    """All of a daemon's parts that a test of containers needs."""

    def __init__(self, core: Core) -> None:
        self.core = core
        self.events = Events()
        core.listeners.append(self.events.take)
        core.followers.append(self.events.follow_state)
        self.containers = Containers(core, self.events)
        self.execs = Execs(self.containers)
        self.told = self.events.follow()

    async def create(self, *command: str, name: str = "", mode: str = "", **more: object) -> str:
        """A container that does not run; its id. ``more``: of its record, and of its process."""
        fields = {key: more.pop(key) for key in list(more) if key in ContainerRecord.__dataclass_fields__}
        process = Process(command=command, **more)  # type: ignore[arg-type]
        record = ContainerRecord(id="", name="", created=0, process=process, **fields)  # type: ignore[arg-type]
        return (await self.containers.create(ContainerWish(record=record, name=name, network_mode=mode)))[0]

    async def run(self, *command: str, **more: object) -> str:
        """One that was started."""
        made = await self.create(*command, **more)  # type: ignore[arg-type]
        await self.containers.start(made)
        return made

    async def exec(self, container: str, *command: str, **more: object) -> tuple[int | None, bytes, bytes]:
        """Exit status, stdout and stderr of a command beside it."""
        made = await self.execs.create(container, ExecWish(command=command, **more))  # type: ignore[arg-type]
        streams = await self.execs.start(made, detach=False, tty=False)
        assert streams is not None
        out, err = await everything(streams)
        return self.execs.inspect(made).exit, out, err

    def happened(self) -> list[Event]:
        """What was told since the last time."""
        found = []
        with suppress(asyncio.QueueEmpty):
            while True:
                found.append(self.told.get_nowait())
        return found


@asynccontextmanager
async def crew_in(folder: Path, name: str, *, leave: bool = False) -> AsyncIterator[Crew]:
    """A crew that has begun. ``leave``: as a daemon that is stopped, so that another can take up what it left."""
    async with core_in(folder, name, leave=leave) as core:
        crew = Crew(core)
        await adopt(crew.containers)
        try:
            yield crew
        finally:
            if not leave:
                for id in list(core.state.containers):
                    with suppress(UserError):
                        await crew.containers.remove(id, force=True)
            crew.containers.close()


async def everything(streams: Streams) -> tuple[bytes, bytes]:
    """stdout and stderr until the end."""
    seen = {1: b"", 2: b""}
    try:
        async for number, data in streams.output:
            seen[number] += data
    finally:
        streams.close()
    return seen[1], seen[2]


async def until(holds: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait for it."""
    async with asyncio.timeout(seconds):
        while not holds():
            await asyncio.sleep(0.005)


def running(test: Callable[[Crew], Awaitable[None]]) -> Callable[[Path], None]:
    """A test with a crew of its own, after which nothing is left."""

    def wrapped(tmp_path: Path) -> None:
        async def whole() -> None:
            async with crew_in(tmp_path, "t-containers-a") as crew:
                await asyncio.wait_for(test(crew), 300)
            assert not list(Path("/run/netns").glob("t-containers-a-*"))
            assert not (tmp_path / "t-containers-a").exists()

        asyncio.run(whole())

    wrapped.__name__, wrapped.__doc__ = test.__name__, test.__doc__
    return wrapped
