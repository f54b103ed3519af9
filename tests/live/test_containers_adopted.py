"""A daemon that begins where another stopped or was killed: containers run on, ends that nobody saw are known, policies hold."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from crews import Crew, crew_in, everything, until
from test_containers import ready

from dataplane.desired.records import EXITED, PAUSED, RESTARTING, RUNNING
from dataplane.model import Restart
from dataplane.proc import pids
from dataplane.proc.instance import Instance
from dataplane.proc.server import privileged

pytestmark = [pytest.mark.live, pytest.mark.skipif(not privileged(), reason="namespaces with names, and rules on the host")]
NAME = "t-containers-b"


def in_two_lives(
    tmp_path: Path,
    first: Callable[[Crew], Awaitable[None]],
    second: Callable[[Crew], Awaitable[None]],
    between: Callable[[], None] = lambda: None,
) -> None:
    """``first`` in a daemon that ends without a word, ``between``, and ``second`` in the next one of that state."""

    async def one() -> None:
        async with crew_in(tmp_path, NAME, leave=True) as crew:
            await asyncio.wait_for(first(crew), 300)

    async def other() -> None:
        async with crew_in(tmp_path, NAME) as crew:
            await asyncio.wait_for(second(crew), 300)

    asyncio.run(one())
    try:
        between()
    finally:
        asyncio.run(other())


def test_what_runs_is_not_touched_and_is_known_again(tmp_path: Path) -> None:
    """Same process, same address; exec, attach with logs, stop work; the exit status is seen."""
    before: dict[str, object] = {}

    async def first(crew: Crew) -> None:
        id = await crew.run("sh", "-c", "echo one; read x; echo $x; exit 6", name="web", stdin_open=True)
        await ready(crew, "web", b"one\n")
        await crew.run("sleep", "1000", name="paused")
        await crew.containers.pause("paused")
        before.update(
            pid=crew.containers.pid("web"),
            started=crew.containers.find("web").fate.started,
            endpoint=crew.core.state.endpoints[id, next(key[1] for key in crew.core.state.endpoints)],
        )

    async def second(crew: Crew) -> None:
        record = crew.containers.find("web")
        assert (record.fate.state, crew.containers.pid("web"), record.fate.started) == (RUNNING, before["pid"], before["started"])
        assert before["endpoint"] in crew.core.state.endpoints.values()
        assert (await crew.exec("web", "echo", "there"))[1] == b"there\n"
        streams = await crew.containers.attach("web", stdin=True, logs=True)
        assert streams.feed is not None
        streams.feed(b"two\n")
        assert (await everything(streams))[0] == b"one\ntwo\n"
        await until(lambda: crew.containers.find("web").fate.state == EXITED)
        assert crew.containers.find("web").fate.exit == 6
        assert crew.containers.find("paused").fate.state == PAUSED
        await crew.containers.unpause("paused")
        assert await crew.containers.stop("paused")
        assert crew.containers.find("paused").fate.exit == 143

    in_two_lives(tmp_path, first, second)


def test_ends_that_nobody_saw(tmp_path: Path) -> None:
    """Its exit status and its time are read from disk; one whose shim was killed counts as killed; `--rm` removes itself."""
    ids: dict[str, str] = {}
    folder = tmp_path / NAME

    async def first(crew: Crew) -> None:
        for name in ("quick", "removed"):
            ids[name] = await crew.run("sh", "-c", "sleep 0.5; exit 8", name=name, auto_remove=name == "removed")
        ids["killed"] = await crew.run("sleep", "1000", name="killed")

    def between() -> None:
        for name in ("quick", "removed", "killed"):
            process = Instance.open(folder, ids[name][:12])
            if name == "killed":
                process.kill()
            assert process.wait(30)
            process.close()

    async def second(crew: Crew) -> None:
        quick = crew.containers.find("quick").fate
        body = pids.read_json(str(folder / "instances" / ids["quick"][:12] / "status.json"))
        assert body is not None
        assert (quick.state, quick.exit, quick.finished) == (EXITED, 8, body["finished"])
        killed = crew.containers.find("killed").fate
        assert (killed.state, killed.exit) == (EXITED, 137)
        assert ids["removed"] not in crew.core.state.containers
        assert not crew.core.state.endpoints, "nobody holds an address"
        assert await crew.containers.start("killed"), "and it starts again"

    in_two_lives(tmp_path, first, second, between)


def test_policies_of_a_daemon_that_begins(tmp_path: Path) -> None:
    """`always` runs again though it was stopped, `unless-stopped` unless it was, `no` and `on-failure` do not; back-offs go on."""

    async def first(crew: Crew) -> None:
        for policy in ("always", "unless-stopped", "on-failure", "no"):
            await crew.run("sleep", "1000", name=policy, restart=Restart(policy=policy))
            await crew.containers.stop(policy, grace=0)
        await crew.run("sleep", "1000", name="lost", restart=Restart(policy="unless-stopped"))
        await crew.run("sh", "-c", "sleep 0.2; exit 1", name="again", restart=Restart(policy="always"))
        await until(lambda: crew.containers.find("again").fate.restarts >= 2)
        await crew.create("sleep", "1000", name="never", restart=Restart(policy="always"))

    def between() -> None:
        for place in (tmp_path / NAME / "instances").iterdir():
            body = pids.read_json(str(place / "status.json"))
            if body is not None:
                pids.kill(body["pid"], body["start"])

    async def second(crew: Crew) -> None:
        def state(name: str) -> str:
            return crew.containers.find(name).fate.state

        await until(lambda: state("always") == RUNNING)
        await until(lambda: state("lost") == RUNNING)
        assert (state("unless-stopped"), state("on-failure"), state("no"), state("never")) == (EXITED, EXITED, EXITED, "created")
        await until(lambda: crew.containers.find("again").fate.restarts >= 4)
        assert state("again") in {RUNNING, RESTARTING}

    in_two_lives(tmp_path, first, second, between)


def test_a_shim_that_is_killed_is_an_end_as_any_other(tmp_path: Path) -> None:
    """kill -9 of a shim: its processes are gone, the container has ended with 137, its policy starts it again."""

    async def work(crew: Crew) -> None:
        await crew.run("sleep", "1000", name="web")
        await crew.run("sleep", "1000", name="ever", restart=Restart(policy="always"))
        for name in ("web", "ever"):
            process = crew.containers.life(crew.containers.find(name).id).process
            assert process is not None
            process.kill()
        await until(lambda: crew.containers.find("web").fate.state == EXITED)
        assert crew.containers.find("web").fate.exit == 137
        await until(lambda: crew.containers.find("ever").fate.restarts == 1 and crew.containers.pid("ever") > 0)
        assert (await crew.exec("ever", "true"))[0] == 0

    async def whole() -> None:
        async with crew_in(tmp_path, NAME) as crew:
            await asyncio.wait_for(work(crew), 300)

    asyncio.run(whole())
