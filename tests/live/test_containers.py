"""The life of containers in the daemon, as Docker's users know it (issue 5, "Its API"): start to end, waiting, streams, events."""

from __future__ import annotations

import asyncio
import time

import pytest
from crews import Crew, everything, running, until

from dataplane.desired.records import CREATED, EXITED, PAUSED, RESTARTING, RUNNING
from dataplane.desired.refused import Refused
from dataplane.errors import UserError
from dataplane.model import Restart
from dataplane.proc.server import privileged

pytestmark = [pytest.mark.live, pytest.mark.skipif(not privileged(), reason="namespaces with names, and rules on the host")]


async def refused(work: object) -> Refused:
    with pytest.raises(Refused) as raised:
        await work  # type: ignore[misc]
    return raised.value


@running
async def test_run_attached_sees_the_first_octet_the_exit_status_and_its_removal(crew: Crew) -> None:
    """`docker run --rm`: create, attach, wait for removal, start; all that it writes, 7, and nothing is left."""
    id = await crew.create("sh", "-c", "printf one; printf two >&2; exit 7", name="quick", auto_remove=True)
    streams = await crew.containers.attach("quick", stdin=False, logs=False)
    removed = asyncio.create_task(crew.containers.wait(id, "removed"))
    await asyncio.sleep(0)
    assert await crew.containers.start("quick")
    assert await everything(streams) == (b"one", b"two")
    assert await removed == 7
    assert (await refused(crew.containers.start("quick"))).what == "No such container: quick"
    told = [(event.type, event.action) for event in crew.happened()]
    assert told == [
        ("container", "create"),
        ("container", "attach"),
        ("network", "connect"),
        ("container", "start"),
        ("container", "die"),
        ("network", "disconnect"),
        ("container", "destroy"),
    ]
    assert not (crew.core.folder / "instances" / id[:12]).exists()


@running
async def test_what_cannot_be_written_down_ends_all_the_same(crew: Crew) -> None:
    """A full disk: nothing new is made, but a container can be stopped, and its end is written as soon as there is room."""
    await crew.run("sleep", "infinity", name="c1")
    file = crew.core.store._db  # type: ignore[attr-defined]
    file.execute("PRAGMA query_only = ON")
    try:
        with pytest.raises(UserError, match="cannot write"):
            await crew.create("true", name="c2")
        assert await crew.containers.stop("c1", grace=0.0)
        assert crew.containers.find("c1").fate.state == EXITED
        assert not crew.core.state.endpoints
    finally:
        file.execute("PRAGMA query_only = OFF")
    await crew.containers.rename("c1", "c3")
    assert crew.core.store.load() == crew.core.state


class FaultyFiles:
    """What writes a container's files, and has a fault."""

    def write(self, state: object, id: str) -> dict[str, str]:
        raise ValueError("a fault")

    def forget(self, id: str) -> None:
        """Nothing was written."""


@running
async def test_a_fault_of_ours_leaves_nothing_that_seems_to_run(crew: Crew) -> None:
    """Whatever goes wrong between the wired namespace and the process: the container does not run, and says why."""
    id = await crew.create("sleep", "infinity", name="unlucky")
    crew.containers.life(id).files = FaultyFiles()  # type: ignore[assignment]
    error = await refused(crew.containers.start("unlucky"))
    assert (error.http, "ValueError: a fault" in error.what) == (500, True), error.what
    assert crew.containers.find("unlucky").fate.state == CREATED
    assert id not in {container for container, _ in crew.core.state.endpoints}
    crew.containers.life(id).files = None
    assert await crew.containers.start("unlucky")


@running
async def test_exit_statuses_are_dockers(crew: Crew) -> None:
    """125 is the client's; 126: it cannot run, 127: there is none, 137: killed, 143: terminated; the container stays created."""
    for name, command, status, words in (
        ("missing", ("no-such-program",), 127, 'exec: "no-such-program": executable file not found in $PATH'),
        ("nowhere", ("/no/such/program",), 127, 'exec: "/no/such/program": stat /no/such/program: no such file or directory'),
        ("data", ("/etc/passwd",), 126, 'exec: "/etc/passwd": permission denied'),
    ):
        await crew.create(*command, name=name)
        error = await refused(crew.containers.start(name))
        assert (error.http, words in error.what) == (400, True), error.what
        fate = crew.containers.find(name).fate
        assert (fate.state, fate.exit, words in fate.error) == (CREATED, status, True)
        assert crew.core.sandbox(crew.containers.find(name).id) == "", "it holds nothing"
    for name, end, status in (("killed", crew.containers.kill, 137), ("stopped", crew.containers.stop, 143)):
        await crew.run("sleep", "1000", name=name)
        await end(name)
        fate = crew.containers.find(name).fate
        assert (fate.state, fate.exit, fate.stopped) == (EXITED, status, True)


@running
async def test_stop_waits_its_time_and_then_kills(crew: Crew) -> None:
    await crew.run("sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.05; done", name="deaf")
    await ready(crew, "deaf")
    crew.happened()
    begun = time.monotonic()
    assert await crew.containers.stop("deaf", grace=0.3)
    assert time.monotonic() - begun >= 0.3
    assert crew.containers.find("deaf").fate.exit == 137
    told = [(event.action, event.attributes.get("signal", "")) for event in crew.happened() if event.type == "container"]
    assert told == [("kill", "15"), ("kill", "9"), ("die", ""), ("stop", "")]
    assert not await crew.containers.stop("deaf"), "it does not run: 304"
    assert not await crew.containers.stop("deaf")


@running
async def test_what_does_not_run_is_refused_in_dockers_words(crew: Crew) -> None:
    id = await crew.create("sleep", "1000", name="idle")
    assert (await refused(crew.containers.kill("idle"))).what == f"cannot kill container: idle: container {id} is not running"
    assert (await refused(crew.containers.pause("idle"))).what == f"container {id} is not running"
    assert (await refused(crew.containers.resize("idle", 1, 1))).http == 409
    assert (await refused(crew.containers.kill("idle", "SIGNONE"))).what == "invalid signal: SIGNONE"
    assert await crew.containers.wait("idle") == 0
    await crew.containers.start("idle")
    assert not await crew.containers.start("idle"), "it runs already: 304"
    error = await refused(crew.containers.remove("idle"))
    assert error.http == 409
    assert 'cannot remove container "/idle": container is running' in error.what
    await crew.containers.remove("idle", force=True)
    assert (await refused(crew.containers.stop("idle"))).http == 404


@running
async def test_waiting_has_three_conditions(crew: Crew) -> None:
    """not-running at once where it does not run; next-exit at its next end; removed with its last exit status."""
    await crew.create("sh", "-c", "sleep 0.2; exit 5", name="web")
    assert await crew.containers.wait("web", "not-running") == 0
    exits = [asyncio.create_task(crew.containers.wait("web", word)) for word in ("next-exit", "removed")]
    await asyncio.sleep(0)
    await crew.containers.start("web")
    assert await crew.containers.wait("web") == 5
    assert await exits[0] == 5
    assert not exits[1].done()
    await crew.containers.remove("web")
    assert await exits[1] == 5
    assert (await refused(crew.containers.wait("web", "never"))).http in {400, 404}


@running
async def test_a_policy_starts_it_again_with_growing_delays(crew: Crew) -> None:
    """on-failure:2 gives up after two; `always` goes on until it is stopped; the delay doubles from 100 ms."""
    await crew.run("false", name="twice", restart=Restart(policy="on-failure", max_retries=2))
    await until(lambda: crew.containers.find("twice").fate.state == EXITED)
    assert crew.containers.find("twice").fate.restarts == 2
    starts = [event.time for event in crew.happened() if event.action == "start"]
    assert len(starts) == 3
    assert starts[1] - starts[0] >= 0.1e9
    assert starts[2] - starts[1] >= 0.2e9
    await crew.run("true", name="ever", restart=Restart(policy="always"))
    await until(lambda: crew.containers.find("ever").fate.restarts >= 2)
    assert crew.containers.find("ever").fate.state in {RESTARTING, RUNNING}
    assert await crew.containers.stop("ever")
    restarts = crew.containers.find("ever").fate.restarts
    await asyncio.sleep(0.6)
    fate = crew.containers.find("ever").fate
    assert (fate.state, fate.stopped, fate.restarts) == (EXITED, True, restarts)
    await crew.run("true", name="well", restart=Restart(policy="on-failure"))
    await until(lambda: crew.containers.find("well").fate.state == EXITED)
    assert crew.containers.find("well").fate.restarts == 0


@running
async def test_pause_stops_every_process_and_unpause_lets_them_go_on(crew: Crew) -> None:
    """What forks while it is paused too; exec and attach are refused meanwhile; stop ends it all the same."""
    script = "i=0; while :; do (echo $i); i=$((i+1)); sleep 0.01; done"
    id = await crew.run("sh", "-c", script, name="busy")
    await ready(crew, "busy", b"3\n")
    await crew.containers.pause("busy")
    assert crew.containers.find("busy").fate.state == PAUSED
    log = crew.core.kept.folder / id / "log.jsonl"
    size = -1
    while size != (size := log.stat().st_size):  # what it wrote before may be on its way
        await asyncio.sleep(0.1)
    await asyncio.sleep(0.3)
    assert log.stat().st_size == size
    assert (await refused(crew.containers.pause("busy"))).what == f"container {id} is already paused"
    assert "is paused, unpause the container before exec" in (await refused(crew.exec("busy", "true"))).what
    assert "is paused" in (await refused(crew.containers.attach("busy", stdin=False, logs=False))).what
    assert "paused container" in (await refused(crew.containers.start("busy"))).what
    await crew.containers.unpause("busy")
    await until(lambda: log.stat().st_size > size)
    assert (await refused(crew.containers.unpause("busy"))).what == f"container {id} is not paused"
    await crew.containers.pause("busy")
    assert await crew.containers.stop("busy", grace=2)
    assert crew.containers.find("busy").fate.exit == 143
    told = [event.action for event in crew.happened() if event.action in {"pause", "unpause", "die"}]
    assert told == ["pause", "unpause", "pause", "unpause", "die"]


@running
async def test_standard_input_ends_once_or_never(crew: Crew) -> None:
    """StdinOnce: the client's end is the command's. Without: the command waits for the next client."""
    id = await crew.create("cat", name="once", stdin_open=True, stdin_once=True)
    streams = await crew.containers.attach(id, stdin=True, logs=False)
    await crew.containers.start(id)
    assert streams.feed is not None
    sent = b"".join(b"%d\n" % n for n in range(100_000))

    async def feed() -> None:
        for at in range(0, len(sent), 50_000):
            streams.feed(sent[at : at + 50_000])
            await streams.room()
        streams.feed(b"")

    feeding = asyncio.create_task(feed())
    assert (await everything(streams))[0] == sent
    await feeding
    assert await crew.containers.wait(id) == 0
    await crew.run("cat", name="ever", stdin_open=True)
    for word in (b"one\n", b"two\n"):
        streams = await crew.containers.attach("ever", stdin=True, logs=False)
        assert streams.feed is not None
        streams.feed(word)
        streams.feed(b"")
        async for _, data in streams.output:  # half-closed: the answer still comes
            assert data == word
            break
        streams.close()
    assert crew.containers.find("ever").fate.state == RUNNING


@running
async def test_attach_with_logs_has_everything_once(crew: Crew) -> None:
    await crew.run("sh", "-c", "echo one; printf tw; read line; echo o; echo three", name="web", stdin_open=True)
    await ready(crew, "web", b"one\n")
    await asyncio.sleep(0.1)
    streams = await crew.containers.attach("web", stdin=True, logs=True)
    assert streams.feed is not None
    streams.feed(b"go\n")
    assert (await everything(streams))[0] == b"one\ntwo\nthree\n"


@running
async def test_a_terminal_has_its_size(crew: Crew) -> None:
    await crew.run("sh", "-c", "trap 'stty size; exit 3' WINCH; echo ready; while :; do sleep 0.05; done", name="tty", tty=True)
    streams = await crew.containers.attach("tty", stdin=True, logs=True)
    assert streams.tty
    await ready(crew, "tty", b"ready\r\n")
    await crew.containers.resize("tty", 33, 99)
    assert (await everything(streams))[0] == b"ready\r\n33 99\r\n"
    assert await crew.containers.wait("tty") == 3


@running
async def test_rename_restart_and_prune(crew: Crew) -> None:
    id = await crew.run("sleep", "1000", name="old")
    await crew.containers.rename("old", "new")
    crew.happened()
    before = crew.containers.pid("new")
    await crew.containers.restart("new")
    assert crew.containers.pid("new") not in {0, before}
    told = [event.action for event in crew.happened() if event.type == "container"]
    assert told == ["kill", "die", "stop", "start", "restart"]
    idle = await crew.create("true", name="idle")
    assert await crew.containers.prune(lambda record: record.name != "none") == [idle]
    assert crew.containers.find(id).name == "new"


@running
async def test_usage_and_top(crew: Crew) -> None:
    """`stats`, `top`: CPU time, memory, processes, and what crossed eth0."""
    await crew.run(
        "sh",
        "-c",
        "ping -c 3 -i 0.05 172.17.0.1 > /dev/null; i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done; echo ready; sleep 1000",
        name="web",
    )
    await ready(crew, "web")
    use = await crew.containers.usage("web")
    assert use.cpu >= 10_000_000
    assert use.memory > 100_000
    assert use.pids == 2
    assert use.networks["eth0"]["tx_packets"] >= 4
    assert use.networks["eth0"]["rx_packets"] >= 4
    assert len(await crew.containers.top("web")) == 2


async def ready(crew: Crew, name: str, text: bytes = b"ready\n") -> None:
    async for line in crew.containers.logs(name, follow=True):
        if line.text == text:
            return
