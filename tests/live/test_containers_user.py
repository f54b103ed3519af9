"""An ordinary user's daemon: containers run, stop, pause, are looked into and taken up again, in that user's own namespaces."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from crews import Crew, crew_in, everything
from private_world import needs_root, needs_user_namespaces, run_in_private_world

from dataplane import capturing
from dataplane.daemon.container import freezer
from dataplane.daemon.container.members import members
from dataplane.desired.records import PAUSED, RUNNING

pytestmark = [pytest.mark.live, needs_root, needs_user_namespaces]
NAME, HOME = "t-containers-u", Path("/run/user")


def as_user(*lives: Callable[[Crew], Awaitable[None]]) -> None:
    """Each in a daemon of its own, one after the other, of one state."""

    async def one(life: Callable[[Crew], Awaitable[None]], *, leave: bool) -> None:
        async with crew_in(HOME, NAME, leave=leave) as crew:
            await asyncio.wait_for(life(crew), 300)

    def inside() -> None:
        for number, life in enumerate(lives):
            asyncio.run(one(life, leave=number + 1 < len(lives)))

    run_in_private_world(inside, user=True)


def test_the_life_of_a_users_container() -> None:
    async def life(crew: Crew) -> None:
        id = await crew.create("sh", "-c", "id -u; hostname; cat; exit 7", name="quick", stdin_open=True, stdin_once=True)
        streams = await crew.containers.attach("quick", stdin=True, logs=False)
        await crew.containers.start("quick")
        assert streams.feed is not None
        streams.feed(b"end")
        streams.feed(b"")
        assert await everything(streams) == (f"0\n{id[:12]}\nend".encode(), b"")
        assert await crew.containers.wait("quick") == 7
        await crew.run("sleep", "1000", name="web")
        assert await crew.exec("web", "sh", "-c", "ip -4 -br address show eth0; exit 3") == (
            3,
            b"eth0             UP             172.17.0.2/16 \n",
            b"",
        )
        await crew.containers.pause("web")
        assert crew.containers.find("web").fate.state == PAUSED
        await crew.containers.unpause("web")
        use = await crew.containers.usage("web")
        assert use.pids == 1
        assert use.memory > 100_000
        assert await crew.containers.stop("web")
        assert crew.containers.find("web").fate.exit == 143

    as_user(life)


def test_a_user_may_capture() -> None:
    """The program of `dataplane capture`: the container's root may, who is none outside. Its input ends at once, and so does it."""

    async def life(crew: Crew) -> None:
        await crew.run("sleep", "1000", name="web")
        status, out, told = await crew.exec("web", sys.executable, "-IS", capturing.__file__, "eth0", "0", "100")
        assert (status, told) == (0, b"0 frames captured on eth0, 0 lost\n")
        assert out.startswith(b"\x0a\x0d\x0d\x0a")

    as_user(life)


def test_a_users_containers_are_taken_up_by_the_next_daemon() -> None:
    before: dict[str, int] = {}

    async def first(crew: Crew) -> None:
        await crew.run("sleep", "1000", name="web")
        before["web"] = crew.containers.pid("web")

    async def second(crew: Crew) -> None:
        assert crew.containers.find("web").fate.state == RUNNING
        assert crew.containers.pid("web") == before["web"] > 0
        assert (await crew.exec("web", "echo", "there"))[:2] == (0, b"there\n")
        assert await crew.containers.stop("web")

    as_user(first, second)


def test_a_pause_that_its_daemon_did_not_live_to_tell_of_is_none() -> None:
    """Who has no freezer stops processes by signals. What stopped itself is no concern of ours."""

    def states(crew: Crew, name: str) -> set[str]:
        return {one.state for one in members(crew.containers.pid(name))[1:]}

    async def until(crew: Crew, name: str, state: str) -> None:
        while states(crew, name) != {state}:
            await asyncio.sleep(0.01)

    async def first(crew: Crew) -> None:
        for name, words in (("web", "exec sleep 1000"), ("own", "kill -STOP $$; sleep 1000"), ("paused", "exec sleep 1000")):
            await crew.run("sh", "-c", words, name=name)
        await until(crew, "own", "T")
        await crew.containers.pause("paused")
        life = crew.containers.life(crew.containers.find("web").id)
        assert life.process is not None
        freezer.pause(life.place, life.process.pid)
        assert states(crew, "web") == {"T"}

    async def second(crew: Crew) -> None:
        await until(crew, "web", "S")
        assert states(crew, "own") == {"T"}
        assert crew.containers.find("paused").fate.state == PAUSED
        assert states(crew, "paused") == {"T"}
        await crew.containers.unpause("paused")
        await until(crew, "paused", "S")

    as_user(first, second)
