"""`dataplane daemon`: stopped, killed (-9) under traffic, begun again; two side by side; an ordinary user's; who may do what."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shlex
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from daemon_process import DaemonProcess, daemon, sandbox_says
from private_world import needs_user_namespaces, run_in_private_world

from dataplane.daemon import helpers, places
from dataplane.proc import pids
from dataplane.proc.clean import clear
from dataplane.proc.server import privileged

pytestmark = [pytest.mark.live]
needs_root = pytest.mark.skipif(not privileged(), reason="rules on the host, and namespaces with names")
WEB = """
import socket
s = socket.create_server(("0.0.0.0", 80))
while True:
    c, _ = s.accept()
    c.recv(100)
    c.sendall(b"web")
    c.close()
"""


def fetched(port: int, address: str = "127.0.0.1", *, patience: float = 10.0) -> bytes:
    """What the web server says, b"" where nobody answers."""
    try:
        with socket.create_connection((address, port), timeout=patience) as connection:
            connection.sendall(b"x")
            return connection.recv(100)
    except OSError:
        return b""


def published(port: int) -> dict[str, object]:
    return {"PortBindings": {"80/tcp": [{"HostPort": str(port)}]}}


@contextmanager
def fetching(port: int) -> Iterator[list[float]]:
    """Asks the web server of a published port, again and again: when it answered."""
    answers: list[float] = []
    over = threading.Event()

    def ask() -> None:
        while not over.wait(0.02):
            if fetched(port, patience=0.3):
                answers.append(time.monotonic())

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    try:
        yield answers
    finally:
        over.set()
        thread.join()


@needs_root
@pytest.mark.parametrize("how", ["kill -9", "SIGTERM"])
def test_the_next_daemon_takes_up_what_runs(tmp_path: Path, how: str) -> None:
    """Stopped or killed under traffic: the same networks, containers, addresses and published ports, processes untouched; traffic
    resumes. How soon, `dataplane bench daemon` says."""
    with daemon(tmp_path) as first:
        first.ask("POST", "/networks/create", {"Name": "front"})
        web = first.run("web", "python3", "-c", WEB, network="front", HostConfig=published(18080))
        first.run("other", network="front")
        before = [first.ask("GET", path)[1] for path in (f"/containers/{web}/json", "/networks/front")]
        with fetching(18080) as answers:
            deadline = time.monotonic() + 30
            while len(answers) < 5:
                assert time.monotonic() < deadline
                time.sleep(0.05)
            if how == "SIGTERM":
                assert first.stop() == 0
            else:
                first.kill()
            begun = time.monotonic()
            first.start()
            deadline = time.monotonic() + 30
            while answers[-1] < begun:
                assert time.monotonic() < deadline, "nobody answers any more"
                time.sleep(0.05)
        assert [first.ask("GET", path)[1] for path in (f"/containers/{web}/json", "/networks/front")] == before
        after = next(when - begun for when in answers if when > begun)
        print(f"{how}: the published port answers {after:.2f} s after the next daemon was started")
        assert "1 received" in first.docker("exec", "other", "ping", "-c1", "-W10", "web")


ECHO = """
import socket
s = socket.create_server(("0.0.0.0", 5000))
while True:
    c, _ = s.accept()
    for data in iter(lambda: c.recv(100), b""):
        c.sendall(data)
"""
TALK = """
import socket, sys, time
for _ in range(200):
    try:
        s = socket.create_connection((sys.argv[1], 5000), timeout=15)
        break
    except OSError:
        time.sleep(0.05)
for line in sys.stdin:
    s.sendall(line.encode())
    print(s.recv(100).decode(), end="", flush=True)
"""


@needs_root
@pytest.mark.parametrize("where", ["a container", "the host"])
def test_a_tcp_stream_survives_the_daemon(tmp_path: Path, where: str) -> None:
    """The same connection goes on: to another container, and through the gateway to a server outside. (To a published port:
    test_published_streams.py.)"""
    with daemon(tmp_path) as process:
        process.run("server", "python3", "-c", ECHO)
        process.run("client")
        inside = ["nsenter", "-t", str(process.pid("client")), "-n"]
        server = [sys.executable, "-c", ECHO]
        address = "172.17.0.2"
        if where == "the host":
            subprocess.run(["ip", "address", "add", "192.0.2.9/32", "dev", "lo"], check=True)
            address = "192.0.2.9"
        with (
            subprocess.Popen(server) as outside,
            subprocess.Popen(
                [*inside, sys.executable, "-c", TALK, address], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            ) as client,
        ):
            try:
                assert client.stdin is not None
                assert client.stdout is not None
                for word in ("one", "two"):
                    client.stdin.write(f"{word}\n")
                    client.stdin.flush()
                    assert client.stdout.readline() == f"{word}\n"
                    if word == "one":
                        process.kill()
                        process.start()
            finally:
                client.kill()
                outside.kill()
                if where == "the host":
                    subprocess.run(["ip", "address", "delete", "192.0.2.9/32", "dev", "lo"], check=True)


@needs_root
def test_two_daemons_side_by_side(tmp_path: Path) -> None:
    """Each has interfaces, rules, namespaces and networks of its own; one ends, the other goes on."""
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
    with daemon(folders[0]) as one, daemon(folders[1]) as two:
        assert one.name != two.name
        for process, port in ((one, 18082), (two, 18083)):
            process.run("web", "python3", "-c", WEB, HostConfig=published(port))
        subnets = {process.ask("GET", "/networks/bridge")[1]["IPAM"]["Config"][0]["Subnet"] for process in (one, two)}
        assert len(subnets) == 2, "an automatic subnet keeps clear of the host's routes, which lead to the other daemon"
        deadline = time.monotonic() + 30
        while not (fetched(18082) and fetched(18083)):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        status, said = two.ask("POST", "/containers/create", {"Image": "host", "HostConfig": published(18082)})
        assert status == 201
        status, said = two.ask("POST", f"/containers/{said['Id']}/start")
        assert status == 500
        assert "address already in use" in said["message"]
        one.stop()
        assert fetched(18083) == b"web"
        assert not fetched(18082)


@needs_root
def test_a_second_daemon_of_the_same_state_says_so(tmp_path: Path) -> None:
    """Its exit status is 1, its error names the process that has the folder, and the first goes on."""
    with daemon(tmp_path) as first:
        second = DaemonProcess(tmp_path)
        second.start(wait=False)
        assert second.process is not None
        assert second.process.wait(20) == 1
        assert first.process is not None
        assert f"a daemon runs with this state already (process {first.process.pid})" in first.log()
        assert first.ask("GET", "/_ping")[0] == 200


def test_a_second_daemon_on_the_same_socket_touches_nothing(tmp_path: Path) -> None:
    """Its exit status is 1 and its error says what to do; it has made no helper, interface or rule before."""
    (tmp_path / "second").mkdir()
    with daemon(tmp_path) as first:
        second = DaemonProcess(tmp_path / "second")
        second.socket = first.socket
        second.start(wait=False)
        assert second.process is not None
        assert second.process.wait(20) == 1
        wanted = f"dataplane: another daemon answers at {first.socket}\n  mend:  stop it, or choose another socket with --socket\n"
        assert second.log() == wanted
        assert not (second.runtime / "helper.json").exists()
        assert first.ask("GET", "/_ping")[0] == 200
        second.runtime.rmdir()


@needs_root
@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            "ro,mode=700",
            "Read-only file system\n  where: {}/daemon.json.new\n  mend:  make it writable, or give another with --state",
        ),
        ("size=8k,mode=700", "cannot open {}/desired.db: database or disk is full"),
        (
            "mode=755",
            "the state folder is open to others: its mode is 0755, not 0700\n  where: {}\n"
            "  mend:  chmod 700 it, or give another with --state",
        ),
    ],
)
def test_where_its_state_has_no_place_it_says_so(tmp_path: Path, options: str, words: str) -> None:
    """What, where and how to mend it; nothing is left."""
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    daemon = shlex.join([sys.executable, "-m", "dataplane", "daemon", "--socket", str(tmp_path / "s"), "--state", str(state)])
    script = f"mount -t tmpfs -o {options} none {state} && ulimit -c 0 && exec {daemon}"
    said = subprocess.run(
        ["unshare", "--net", "--mount", "sh", "-c", script], capture_output=True, text=True, timeout=60, check=False
    )
    assert said.returncode == 1
    assert f"dataplane: {words.format(state)}" in said.stderr
    runtime = places.made_runtime(places.name_of(state))
    clear(runtime)


@needs_root
def test_nobody_else_may_read_or_ask(tmp_path: Path) -> None:
    """The socket is 0660, all that is remembered 0600 in folders of 0700; and a namespace's name is as `ip netns` has it."""

    def mode(path: Path) -> int:
        return stat.S_IMODE(path.lstat().st_mode)

    with daemon(tmp_path) as process:
        process.run("web")
        assert mode(process.socket) == 0o660
        assert mode(process.state) == 0o700
        assert mode(process.runtime) == 0o700
        assert {mode(path) for path in process.state.iterdir() if path.is_file()} == {0o600}
        assert {mode(path) for path in process.state.glob("containers/**/")} == {0o700}
        assert {mode(path) for path in process.state.glob("containers/*/*")} == {0o600}
        assert all(mode(path) & 0o077 == 0 for path in process.runtime.iterdir() if not path.is_symlink()), "but for sockets"


@needs_root
def test_a_daemon_that_is_stopped_leaves_nothing_where_nothing_runs(tmp_path: Path) -> None:
    """No process, rule, interface or namespace; and with the next one networks are there again."""
    links, rules = (
        (lambda: subprocess.check_output(["ip", "-o", "link"])),
        (lambda: subprocess.check_output(["nft", "list", "ruleset"])),
    )
    before = links(), rules()
    with daemon(tmp_path) as process:
        process.ask("POST", "/networks/create", {"Name": "front"})
        process.run("web")
        process.ask("DELETE", "/containers/web?force=1")
        assert process.stop(signal.SIGINT) == 0
        assert (links(), rules()) == before
        assert not re.findall(rf"dataplane-helper {process.name} ", subprocess.check_output(["ps", "-ww", "-eo", "args"]).decode())
        process.start()
        assert process.ask("GET", "/networks/front")[0] == 200


@pytest.mark.parametrize("made", ["helper.log", "helper.json"])
def test_a_signal_while_it_begins_is_obeyed(tmp_path: Path, made: str) -> None:
    """As soon as there is a helper to end, or a moment before: it ends with the daemon."""
    with daemon(tmp_path) as process:
        process.stop()
        for path in process.runtime.glob("helper.*"):
            path.unlink()
        process.start(wait=False)
        while not (process.runtime / made).exists():
            time.sleep(0.001)
        assert process.stop() == 0
        assert not re.findall(rf"dataplane-helper {process.name} ", subprocess.check_output(["ps", "-ww", "-eo", "args"]).decode())


@needs_root
def test_shims_that_are_killed_are_noticed_by_the_next_daemon(tmp_path: Path) -> None:
    """kill -9 of daemon and shim: the container has exited, with 137, and holds no address; it can be started again."""
    with daemon(tmp_path) as process:
        web = process.run("web")
        pid = process.pid(web)
        process.kill()
        subprocess.run(["kill", "-9", str(pid)], check=True)
        process.start()
        found = process.ask("GET", f"/containers/{web}/json")[1]
        assert (found["State"]["Status"], found["State"]["ExitCode"]) == ("exited", 137)
        assert not list(Path("/run/netns").glob(f"{process.name}-*"))
        assert process.ask("POST", f"/containers/{web}/start")[0] == 204
        assert "172.17.0.2" in sandbox_says(process.pid(web), "ip", "-4", "address")


@needs_root
def test_it_says_what_the_host_needs_instead_of_setting_it(tmp_path: Path) -> None:
    """--no-host-rules: no table, no sysctl; what to do stands in its output. Inside all works."""
    rules = subprocess.check_output(["nft", "list", "ruleset"])
    with daemon(tmp_path, "--no-host-rules") as process:
        process.run("web")
        process.run("other")
        assert subprocess.check_output(["nft", "list", "ruleset"]) == rules
        assert "nft -f -" in process.log()
        assert "1 received" in process.docker("exec", "other", "ping", "-c1", "-W10", "172.17.0.2")


@needs_root
def test_what_others_have_meanwhile_keeps_nobody_from_starting(tmp_path: Path) -> None:
    """A published port that a process of the host has now: said in the log; it runs on, and the other's port is there."""
    with daemon(tmp_path) as process:
        process.run("web", "python3", "-c", WEB, HostConfig=published(18085))
        process.run("other", "python3", "-c", WEB, HostConfig=published(18086))
        process.stop()
        with socket.create_server(("0.0.0.0", 18085)):
            process.start()
            assert "container web is not published" in process.log()
            assert "18085/tcp: address already in use" in process.log()
            assert process.ask("GET", "/containers/web/json")[1]["State"]["Running"]
            deadline = time.monotonic() + 30
            while fetched(18086) != b"web":
                assert time.monotonic() < deadline
                time.sleep(0.05)
            with pytest.raises(OSError, match="in use"):
                socket.create_server(("0.0.0.0", 18086))  # the next daemon holds it again


@needs_root
def test_upgraded_it_finds_what_an_earlier_version_left(tmp_path: Path) -> None:
    """Records without fields that are new since, and a helper that speaks as it did: the same processes, namespaces and traffic."""
    new = {"containers": ("publish_all", "expose", "dns_opt", "stdin_once"), "networks": ("config_only", "ipam_options")}
    with daemon(tmp_path) as process:
        process.run("web")
        process.run("other")
        before = process.pid("web"), process.ask("GET", "/containers/web/json")[1]["NetworkSettings"]["SandboxKey"]
        process.kill()
        helper = process.runtime / "helper.json"
        old = helper.read_text()
        with contextlib.closing(sqlite3.connect(process.state / "desired.db")) as db, db:
            for table, fields in new.items():
                for key, text in db.execute(f"SELECT key, body FROM {table}").fetchall():
                    body = {name: value for name, value in json.loads(text).items() if name not in fields}
                    db.execute(f"UPDATE {table} SET body = ? WHERE key = ?", (json.dumps(body), key))
        process.start()
        assert helper.read_text() == old
        assert (process.pid("web"), process.ask("GET", "/containers/web/json")[1]["NetworkSettings"]["SandboxKey"]) == before
        assert "1 received" in process.docker("exec", "other", "ping", "-c1", "-W10", "172.17.0.2")


@needs_root
def test_a_bridge_is_down_until_somebody_is_on_it(tmp_path: Path) -> None:
    """Without running endpoints DOWN, else UP; of a container that was stopped DOWN again."""
    with daemon(tmp_path) as process:

        def links() -> dict[str, str]:
            words = [sys.executable, "-m", "dataplane", "network", "links", "--format", "{{.Link}} {{.State}}"]
            env = {**os.environ, "DATAPLANE_HOST": process.host}
            return dict(line.split() for line in subprocess.check_output(words, text=True, env=env).splitlines())

        made = process.ask("POST", "/networks/create", {"Name": "front"})[1]["Id"]
        bridge = f"br-{made[:12]}"
        assert links() == {"docker0": "DOWN", bridge: "DOWN"}
        process.run("web", network="front")
        assert links() == {"docker0": "DOWN", bridge: "UP"}
        assert process.ask("POST", "/containers/web/kill")[0] == 204
        assert links() == {"docker0": "DOWN", bridge: "DOWN"}


@needs_user_namespaces
@needs_root
def test_an_ordinary_users_daemon_works_inside() -> None:
    """Without root: containers, networks, names; killed and begun again, the same containers go on."""

    def work() -> None:
        with tempfile.TemporaryDirectory() as name, daemon(Path(name)) as process:
            process.ask("POST", "/networks/create", {"Name": "front"})
            web, other = process.run("web", network="front"), process.run("other", network="front")
            before = process.pid(web), process.pid(other)
            ping = ("exec", "other", "ping", "-c1", "-W10", "web")
            assert "1 received" in process.docker(*ping)
            process.kill()
            process.start()
            assert (process.pid(web), process.pid(other)) == before
            assert "1 received" in process.docker(*ping)
            assert process.ask("POST", "/networks/bridge/connect", {"Container": "web"})[0] == 200
            assert "eth1" in process.docker("exec", "web", "ip", "-o", "link")
            assert process.ask("DELETE", "/containers/web?force=1")[0] == 204

    run_in_private_world(work, user=True)


@needs_user_namespaces
@needs_root
@pytest.mark.parametrize("daemon_too", [False, True])
def test_an_ordinary_users_helper_that_is_killed_is_replaced(daemon_too: bool) -> None:
    """Its namespaces have no names: the next one enters those of the shims. Same processes, traffic; hot connects, other containers
    start, one beside another's; also where it is killed again."""

    def work() -> None:
        with tempfile.TemporaryDirectory() as name, daemon(Path(name)) as process:
            process.ask("POST", "/networks/create", {"Name": "front"})
            web, other = process.run("web", network="front"), process.run("other", network="front")
            process.run("beside", network=f"container:{web}")
            before = process.pid(web), process.pid(other), process.pid("beside")
            for round_ in range(2):
                if daemon_too:
                    process.kill()
                body = pids.read_json(str(process.runtime / "helper.json"))
                assert body is not None
                assert pids.kill(body["pid"], body["start"])
                if daemon_too:
                    process.start()
                assert process.ask("POST", "/networks/create", {"Name": f"n{round_}"})[0] == 201
                assert process.ask("POST", f"/networks/n{round_}/connect", {"Container": "web"})[0] == 200
                assert f"eth{round_ + 1}" in process.docker("exec", "beside", "ip", "-o", "link")
                process.run(f"late{round_}", network="front")
                for one in ("other", f"late{round_}"):
                    assert "1 received" in process.docker("exec", one, "ping", "-c1", "-W10", "web")
                assert (process.pid(web), process.pid(other), process.pid("beside")) == before
            sandbox = Path(process.ask("GET", "/containers/web/json")[1]["NetworkSettings"]["SandboxKey"])
            assert sandbox.stat().st_ino == Path(f"/proc/{before[0]}/ns/net").stat().st_ino
            for one in ("beside", "web", "other", "late0", "late1"):
                assert process.ask("DELETE", f"/containers/{one}?force=1")[0] == 204
            assert not list((process.runtime / "namespaces").iterdir())
            assert process.stop() == 0

    run_in_private_world(work, user=True)


@needs_user_namespaces
@needs_root
def test_an_ordinary_users_helper_of_an_earlier_version_is_replaced() -> None:
    """It wrote no namespaces down; it is asked before it ends."""

    def work() -> None:
        with tempfile.TemporaryDirectory() as name, daemon(Path(name)) as process:
            process.run("web")
            process.run("other")
            before = process.pid("web"), process.pid("other")
            process.kill()
            for record in (process.runtime / "namespaces").iterdir():
                record.unlink()
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(helpers, "VERSION", helpers.VERSION + 1)
                helpers.helper_of(process.runtime).close()
            process.start()
            assert (process.pid("web"), process.pid("other")) == before
            assert "1 received" in process.docker("exec", "other", "ping", "-c1", "-W10", "172.17.0.2")

    run_in_private_world(work, user=True)
