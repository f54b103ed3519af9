"""`docker exec` in the daemon, healthchecks, logs (issue 5: "exec (create, start, resize, inspect; with and without terminal)")."""

from __future__ import annotations

import asyncio
import gc
import os
from contextlib import suppress
from pathlib import Path

import pytest
from crews import Crew, everything, running, until
from test_containers import ready, refused

from dataplane.daemon.face import ExecWish
from dataplane.errors import UserError
from dataplane.model import Healthcheck
from dataplane.proc.server import privileged

pytestmark = [pytest.mark.live, pytest.mark.skipif(not privileged(), reason="namespaces with names, and rules on the host")]


@running
async def test_an_exec_has_its_streams_its_place_and_its_exit_status(crew: Crew) -> None:
    id = await crew.run("sleep", "1000", name="web", environment={"A": "web's", "B": "2"}, working_dir="/usr")
    crew.happened()
    script = "printf $A; pwd >&2; readlink /proc/self/ns/net; exit 9"
    code, out, err = await crew.exec("web", "sh", "-c", script, environment={"A": "mine"}, working_dir="/tmp")
    inode = Path(crew.core.sandbox(id)).stat().st_ino
    assert (code, out, err) == (9, f"minenet:[{inode}]\n".encode(), b"/tmp\n")
    told = [(event.action, event.attributes.get("exitCode", "")) for event in crew.happened() if event.type == "container"]
    words = f"sh -c {script}"
    assert told == [(f"exec_create: {words}", ""), (f"exec_start: {words}", ""), ("exec_die", "9")]
    assert (await crew.exec("web", "sh", "-c", "echo $B$PWD"))[1] == b"2/usr\n"


@running
async def test_much_goes_through_both_ways_and_the_half_closed_stream_stays_open(crew: Crew) -> None:
    """The client's end of input is the command's; the answer comes after it, whole."""
    await crew.run("sleep", "1000", name="web")
    made = await crew.execs.create("web", ExecWish(command=("sh", "-c", "cat; sleep 0.2; echo end >&2"), stdin=True))
    streams = await crew.execs.start(made, detach=False, tty=False)
    assert streams is not None
    assert streams.feed is not None
    sent = os.urandom(3_000_000)

    async def feed() -> None:
        for at in range(0, len(sent), 65536):
            streams.feed(sent[at : at + 65536])
            await streams.room()
        streams.feed(b"")

    feeding = asyncio.create_task(feed())
    assert await everything(streams) == (sent, b"end\n")
    await feeding


@running
async def test_a_terminal_of_an_exec(crew: Crew) -> None:
    await crew.run("sleep", "1000", name="web")
    made = await crew.execs.create(
        "web", ExecWish(command=("sh", "-c", "stty size; read a; stty size; echo got $a"), tty=True, stdin=True)
    )
    streams = await crew.execs.start(made, detach=False, tty=True, size=(20, 70))
    assert streams is not None
    assert streams.tty
    assert streams.feed is not None
    seen = b""
    async for number, data in streams.output:
        assert number == 1
        seen += data
        if seen == b"20 70\r\n":
            await crew.execs.resize(made, 33, 99)
            streams.feed(b"x\n")
    streams.close()
    assert seen == b"20 70\r\nx\r\n33 99\r\ngot x\r\n"


@running
async def test_what_does_not_start_says_so_as_docker_does(crew: Crew) -> None:
    """126: it cannot run; 127: there is none; once started an exec is used up; without its container there is none."""
    id = await crew.run("sleep", "1000", name="web")
    for command, status, words in (
        ("no-such-program", 127, 'exec: "no-such-program": executable file not found in $PATH: unknown'),
        ("/etc/passwd", 126, 'exec: "/etc/passwd": permission denied: unknown'),
    ):
        made = await crew.execs.create("web", ExecWish(command=(command,)))
        error = await refused(crew.execs.start(made, detach=False, tty=False))
        assert error.what == f"OCI runtime exec failed: exec failed: unable to start container process: {words}"
        assert (crew.execs.inspect(made).exit, crew.execs.inspect(made).running) == (status, False)
        assert "has already run" in (await refused(crew.execs.start(made, detach=False, tty=False))).what
    assert (await refused(crew.execs.create("web", ExecWish(command=())))).http == 400
    with pytest.raises(Exception, match="No such exec instance: nosuch"):
        crew.execs.inspect("nosuch")
    made = await crew.execs.create("web", ExecWish(command=("true",)))
    await crew.containers.stop("web", grace=0)
    assert (await refused(crew.execs.create("web", ExecWish(command=("true",))))).what == f"container {id} is not running"
    assert (await refused(crew.execs.start(made, detach=False, tty=False))).http == 409
    await crew.containers.remove("web")
    with pytest.raises(Exception, match="No such exec instance"):
        crew.execs.inspect(made)


@running
async def test_a_client_that_goes_leaves_the_command_alone_and_a_detached_one_needs_none(crew: Crew) -> None:
    await crew.run("sleep", "1000", name="web")
    made = await crew.execs.create("web", ExecWish(command=("sh", "-c", "echo a; sleep 0.3; echo b; echo c; exit 4")))
    streams = await crew.execs.start(made, detach=False, tty=False)
    assert streams is not None
    streams.close()
    assert crew.execs.inspect(made).running
    assert crew.execs.inspect(made).pid > 0
    await until(lambda: crew.execs.inspect(made).exit == 4)
    detached = await crew.execs.create("web", ExecWish(command=("sh", "-c", "echo nobody; exit 5"), stdin=True))
    assert await crew.execs.start(detached, detach=True, tty=False) is None
    await until(lambda: crew.execs.inspect(detached).exit == 5)


@running
async def test_what_an_execs_children_hold_open_does_not_hold_its_end_up(crew: Crew) -> None:
    await crew.run("sleep", "1000", name="web")
    async with asyncio.timeout(60):
        assert (await crew.exec("web", "sh", "-c", "echo one; sleep 1000 & exit 3"))[:2] == (3, b"one\n")


@running
async def test_a_healthcheck_makes_it_healthy_and_unhealthy(crew: Crew) -> None:
    """starting, healthy, unhealthy after its retries; the last five results with exit status and output; events."""
    mark = crew.core.folder / "well"
    check = Healthcheck(
        test=("CMD-SHELL", f"echo looked; test -e {mark}"), interval_ns=50_000_000, timeout_ns=30_000_000_000, retries=2
    )
    await crew.run("sleep", "1000", name="web", healthcheck=check)
    assert crew.containers.health("web")[0] == "starting"
    mark.touch()
    await until(lambda: crew.containers.health("web")[0] == "healthy")
    mark.unlink()
    await until(lambda: crew.containers.health("web")[0] == "unhealthy")
    _, failures, results = crew.containers.health("web")
    assert failures >= 2
    assert (results[-1]["ExitCode"], results[-1]["Output"]) == (1, "looked\n")
    assert len(results) <= 5
    happened = crew.happened()
    told = [event.action for event in happened if event.action.startswith("health_status")]
    assert told == ["health_status: healthy", "health_status: unhealthy"]
    checks = [event.action for event in happened if event.action.startswith("exec_")]
    words = f"/bin/sh -c echo looked; test -e {mark}"
    assert checks[:3] == [f"exec_create: {words}", f"exec_start: {words}", "exec_die"]
    slow = Healthcheck(test=("CMD", "sleep", "100"), interval_ns=20_000_000, timeout_ns=100_000_000, retries=1)
    await crew.run("sleep", "1000", name="slow", healthcheck=slow)
    await until(lambda: crew.containers.health("slow")[0] == "unhealthy")
    assert crew.containers.health("slow")[2][-1]["ExitCode"] == -1
    await crew.containers.stop("web", grace=0)
    assert crew.containers.health("web")[0] == "none"


@running
async def test_nothing_is_left_open(crew: Crew) -> None:
    """Clients that come, go early, never read, never start: no descriptor of the daemon's is left of any."""
    await crew.run("sleep", "1000", name="web")

    async def once() -> None:
        await crew.exec("web", "true")
        for command in ("sleep", "no-such-program"):
            made = await crew.execs.create("web", ExecWish(command=(command, "0.1"), stdin=True))
            with suppress(UserError):
                streams = await crew.execs.start(made, detach=False, tty=False)
                assert streams is not None
                streams.close()
        for name in ("web", (await crew.create("true", name="never"))):
            streams = await crew.containers.attach(name, stdin=True, logs=True)
            streams.close()
        await crew.containers.remove("never")
        await crew.run("sh", "-c", "echo a; exit 1", name="quick")
        await crew.containers.wait("quick")
        following = crew.containers.logs("quick", follow=True)
        async for _ in following:
            break
        await following.aclose()  # type: ignore[attr-defined]
        await crew.containers.remove("quick")

    await once()
    await asyncio.sleep(0.5)
    gc.collect()  # what other tests have left
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(5):
        await once()
    await until(lambda: len(list(Path("/proc/self/fd").iterdir())) <= before)


@running
async def test_logs_since_until_tail_and_follow(crew: Crew) -> None:
    """`docker logs`: both streams, lines without end, times, the last n, and on until it ends."""
    await crew.run(
        "sh", "-c", "echo a; sleep 0.05; echo b >&2; sleep 0.05; echo c; read x; printf d; read x", name="web", stdin_open=True
    )
    await ready(crew, "web", b"c\n")

    async def read(**more: object) -> list[tuple[str, bytes]]:
        return [(line.stream, line.text) async for line in crew.containers.logs("web", **more)]  # type: ignore[arg-type]

    everything_ = [("stdout", b"a\n"), ("stderr", b"b\n"), ("stdout", b"c\n")]
    assert await read() == everything_
    assert await read(tail=2) == everything_[1:]
    assert await read(tail=0) == []
    times = [line.time async for line in crew.containers.logs("web")]
    assert await read(since=times[1]) == everything_[1:]
    assert await read(until=times[1]) == everything_[:2]
    following = asyncio.create_task(read(follow=True, tail=1))
    streams = await crew.containers.attach("web", stdin=True, logs=False)
    assert streams.feed is not None
    streams.feed(b"go\ngo\n")
    assert (await everything(streams))[0] == b"d"
    assert await following == [everything_[2], ("stdout", b"d")]
    await crew.containers.start("web")
    await crew.containers.stop("web", grace=0)
    assert len(await read()) >= 4, "the log of the run before is still there"
