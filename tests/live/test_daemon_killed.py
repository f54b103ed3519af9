"""kill -9 of the daemon and of shims at random points, under traffic and while everything is asked of it (issue 5, "Tests"):
the next daemon has the same networks and containers, processes that run are untouched, traffic resumes, nothing strays."""

from __future__ import annotations

import os
import random
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from daemon_process import DaemonProcess, daemon, sandbox_says

from dataplane.proc import kernel, pids
from dataplane.proc.server import privileged

pytestmark = [pytest.mark.live, pytest.mark.skipif(not privileged(), reason="namespaces with names, and rules on the host")]
ROUNDS = int(os.environ.get("DATAPLANE_KILLS", "8"))
PATIENCE = 60.0
"""Seconds until an open stream goes on, at most: TCP that heard nothing for T may ask again after T more (RFC 6298, 5.5), and a
busy machine takes its time. How soon packets pass is what `dataplane bench daemon` says."""


def test_a_daemon_that_is_killed_at_any_point_leaves_what_the_next_one_takes_up(tmp_path: Path) -> None:
    """Two steady containers whose TCP stream must not break; others come and go until the daemon is killed, eight times."""
    dice = random.Random(5)
    with daemon(tmp_path) as d:
        d.ask("POST", "/networks/create", {"Name": "steady"})
        steady = {name: d.run(name, network="steady") for name in ("one", "two")}
        before = {name: (d.pid(name), address(d, name)) for name in steady}
        with Stream(before["one"][0], before["two"]) as stream:
            done = 0
            for round_ in range(ROUNDS):
                asking = Asking(d, dice.randrange(2**32))
                time.sleep(dice.uniform(0.0, 0.4))
                shim = dice.choice([None, *asking.running()]) if round_ % 2 else None
                if shim is not None:
                    with suppress(ProcessLookupError):  # it may be restarting
                        os.kill(shim, 9)
                d.kill()
                asking.end()
                done += asking.done
                begun = time.monotonic()
                d.start()
                up = time.monotonic() - begun
                sent = stream.answers
                until(lambda sent=sent: stream.answers > sent, PATIENCE, "traffic resumes")
                print(f"up {up:.3f} s, traffic {time.monotonic() - begun - up:.3f} s, {asking.done} done")
                assert {name: (d.pid(name), address(d, name)) for name in steady} == before
                assert_whole(d)
            assert done > 2 * ROUNDS, "it was asked for much"
            words = stream.words
            until(lambda: stream.words > words, 30, "the TCP stream goes on")
            assert stream.breaks == 0, "the TCP stream outlived every daemon"
        for one in d.ask("GET", "/containers/json?all=1")[1]:
            assert d.ask("DELETE", f"/containers/{one['Id']}?force=1")[0] == 204
        assert d.ask("GET", "/containers/json?all=1") == (200, [])
        assert_whole(d)


def test_shims_that_are_killed_are_containers_that_have_ended(tmp_path: Path) -> None:
    """Of four containers at random points: exit status 137, the address free again, a policy starts its container again."""
    dice = random.Random(7)
    with daemon(tmp_path) as d:
        for name in ("aa", "bb"):
            d.run(name)
        for name in ("cc", "dd"):
            d.run(name, HostConfig={"RestartPolicy": {"Name": "always"}})
        for name in ("aa", "bb", "cc", "dd"):
            time.sleep(dice.uniform(0.0, 0.2))
            os.kill(d.pid(name), 9)
        for name in ("aa", "bb"):
            until(lambda name=name: state(d, name)["Status"] == "exited", 30, f"{name} has ended")
            assert state(d, name)["ExitCode"] == 137
        for name in ("cc", "dd"):
            until(
                lambda name=name: d.ask("GET", f"/containers/{name}/json")[1]["RestartCount"] == 1 and d.pid(name) > 0,
                30,
                f"{name} runs again",
            )
        assert_whole(d)


def test_a_helper_that_is_killed_is_replaced_and_nobody_notices(tmp_path: Path) -> None:
    """The process that makes namespaces and starts shims: containers run on, others start, in their own namespace and in the
    host's, networks are connected hot, and ends are seen."""
    with daemon(tmp_path) as d:
        before = {name: (d.run(name, network=mode), d.pid(name)) for name, mode in (("web", "bridge"), ("beside", "host"))}
        for round_ in range(3):
            body = pids.read_json(str(d.runtime / "helper.json"))
            assert body is not None
            assert pids.kill(body["pid"], body["start"])
            for name, mode in (("own", "bridge"), ("hosts", "host")):
                d.run(f"{name}{round_}", network=mode)
            assert d.ask("POST", "/networks/create", {"Name": f"n{round_}"})[0] == 201
            assert d.ask("POST", f"/networks/n{round_}/connect", {"Container": "web"})[0] == 200
            assert f"eth{round_ + 1}" in sandbox_says(d.pid("web"), "ip", "-br", "link")
            assert d.ask("POST", "/containers/beside/restart?t=0")[0] == 204
            assert d.ask("DELETE", f"/containers/own{round_}?force=1")[0] == 204
            assert state(d, f"hosts{round_}")["Running"]
        assert d.pid("web") == before["web"][1]
        os.kill(d.pid("web"), 9)
        until(lambda: state(d, "web")["Status"] == "exited", 30, "web has ended")
        assert_whole(d)


def test_a_helper_that_is_killed_between_the_halves_of_a_removal_leaves_no_name(tmp_path: Path) -> None:
    """A name under /run/netns is a file with a namespace on it: unmounted, and not yet deleted, is neither there nor gone."""
    with daemon(tmp_path) as d:
        short = d.run("web")[:12]
        shim = d.pid("web")
        body = pids.read_json(str(d.runtime / "helper.json"))
        assert body is not None
        assert pids.kill(body["pid"], body["start"])
        kernel.unmount(f"/run/netns/{d.name}-{short}", kernel.MNT_DETACH)
        os.kill(shim, 9)
        until(lambda: state(d, "web")["Status"] == "exited", 30, "web has ended")
        assert_whole(d)
        assert not (d.runtime / "namespaces" / short).exists()
        assert d.ask("POST", "/containers/web/start")[0] == 204, "and the name is free"


class Stream:
    """Between two containers, a word and its echo every few ms: one TCP stream, and datagrams, which wait for nothing. ``answers``
    counts datagrams that came back; ``words`` those of the stream; ``breaks`` its ends."""

    ECHO = """
import socket, threading
tcp, udp = socket.create_server(("0.0.0.0", 7)), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.bind(("0.0.0.0", 7))
def datagrams():
    while True:
        udp.sendto(*udp.recvfrom(100))
threading.Thread(target=datagrams, daemon=True).start()
print("up", flush=True)
stream = tcp.accept()[0]
while data := stream.recv(100):
    stream.sendall(data)
"""
    ASK = """
import socket, sys, threading, time
def datagrams():
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.connect((sys.argv[1], 7))
    udp.settimeout(0.02)
    while True:
        try:
            udp.send(b"x")
            udp.recv(9)
            print("datagram", flush=True)
        except OSError:
            pass
        time.sleep(0.01)
threading.Thread(target=datagrams, daemon=True).start()
stream = socket.create_connection((sys.argv[1], 7), 30)
stream.settimeout(30)
while True:
    stream.sendall(b"x")
    assert stream.recv(1) == b"x"
    print("word", flush=True)
    time.sleep(0.01)
"""

    def __init__(self, asker: int, server: tuple[int, str]) -> None:
        self.answers = self.words = self.breaks = 0
        self._server = self._spawn(server[0], self.ECHO)
        assert self._server.stdout is not None
        assert self._server.stdout.readline() == "up\n"
        self._asker = self._spawn(asker, self.ASK, server[1])
        self._thread = threading.Thread(target=self._count, daemon=True)

    @staticmethod
    def _spawn(pid: int, *words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(["nsenter", "-t", str(pid), "-n", "python3", "-c", *words], stdout=subprocess.PIPE, text=True)

    def _count(self) -> None:
        assert self._asker.stdout is not None
        for line in self._asker.stdout:
            self.answers += line == "datagram\n"
            self.words += line == "word\n"
        self.breaks += 1

    def __enter__(self) -> Stream:
        self._thread.start()
        try:
            until(lambda: self.answers > 3 < self.words, 30, "the stream begins")
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> None:
        """Both processes."""
        for one in (self._asker, self._server):
            one.kill()
            one.wait()
        self._thread.join()
        for one in (self._asker, self._server):
            assert one.stdout is not None
            one.stdout.close()


class Asking:
    """Somebody who makes, starts, stops, connects and removes containers and networks until the daemon is gone."""

    def __init__(self, d: DaemonProcess, seed: int) -> None:
        self._daemon, self._dice, self._ending = d, random.Random(seed), threading.Event()
        self.done, self._wrong = 0, list[BaseException]()
        self._names = [f"x{n}" for n in range(4)]  # no hexadecimal digits: what begins an id names the container, as in Docker
        self._threads = [threading.Thread(target=self._ask, args=(random.Random(seed + n),), daemon=True) for n in range(2)]
        for one in self._threads:
            one.start()

    def _ask(self, dice: random.Random) -> None:
        while not self._ending.is_set():
            try:
                self._once(dice)
            except (OSError, ValueError):
                time.sleep(0.005)  # it is gone
            except BaseException as error:
                self._wrong.append(error)
                return

    def _once(self, dice: random.Random) -> None:
        name, network = dice.choice(self._names), dice.choice(["bridge", "n1", "n2"])
        body = {
            "Image": "host",
            "Cmd": ["sleep", dice.choice(["0.05", "1000"])],
            "HostConfig": {"NetworkMode": network, "AutoRemove": dice.random() < 0.2},
        }
        method, path, said = dice.choice([
            ("POST", f"/containers/create?name={name}", body),
            ("POST", f"/containers/{name}/start", None),
            ("POST", f"/containers/{name}/start", None),
            ("POST", f"/containers/{name}/stop?t=0", None),
            ("POST", f"/containers/{name}/restart?t=0", None),
            ("POST", f"/containers/{name}/pause", None),
            ("POST", f"/containers/{name}/unpause", None),
            ("DELETE", f"/containers/{name}?force=1", None),
            ("POST", "/networks/create", {"Name": "n1"}),
            ("POST", "/networks/create", {"Name": "n2"}),
            ("POST", "/networks/n2/connect", {"Container": name}),
            ("POST", "/networks/n2/disconnect", {"Container": name}),
            ("DELETE", "/networks/n2", None),
        ])  # fmt: skip
        status, answer = self._daemon.ask(method, path, said)
        self.done += status < 300
        assert "failed to answer" not in str(answer), (method, path, status, answer)  # Docker has its own reasons for a 500

    def running(self) -> list[int]:
        """The shims of its containers that run just now."""
        found = []
        for name in self._names:
            try:
                pid = self._daemon.pid(name)
            except (OSError, ValueError, KeyError, TypeError):
                continue
            found += [pid] if pid else []
        return found

    def end(self) -> None:
        """It asks no more."""
        self._ending.set()
        for one in self._threads:
            one.join()
        for error in self._wrong:
            raise error


def assert_whole(d: DaemonProcess) -> None:
    """What the daemon says is so, and nothing else is there: processes, namespaces, addresses, folders. Or soon is: a container
    may end between two questions."""
    deadline = time.monotonic() + 30
    while True:
        time.sleep(0.2)  # what was under way is done
        try:
            return _assert_whole(d)
        except (AssertionError, OSError, KeyError):
            if time.monotonic() > deadline:
                raise


def _assert_whole(d: DaemonProcess) -> None:
    status, rows = d.ask("GET", "/containers/json?all=1")
    assert status == 200
    bodies = {row["Id"]: d.ask("GET", f"/containers/{row['Id']}/json")[1] for row in rows}
    alive = {key: body for key, body in bodies.items() if body["State"]["Running"] and body["State"]["Status"] != "restarting"}
    addresses = []
    for body in alive.values():
        pid = body["State"]["Pid"]
        assert pids.start_time(pid), f"{body['Name']} runs"
        if body["HostConfig"]["NetworkMode"] == "host":
            continue
        path = Path(body["NetworkSettings"]["SandboxKey"])
        assert path.stat().st_ino == Path(f"/proc/{pid}/ns/net").stat().st_ino, "in the namespace that it is said to be in"
        there = sandbox_says(pid, "ip", "-4", "-br", "address")
        for network in body["NetworkSettings"]["Networks"].values():
            assert network["IPAddress"] in there
            addresses.append((network["NetworkID"], network["IPAddress"]))
    assert len(set(addresses)) == len(addresses), "no address twice"
    named = {path.name for path in Path("/run/netns").glob(f"{d.name}-*")}
    own = {key for key, body in alive.items() if body["HostConfig"]["NetworkMode"] != "host"}
    assert named == {f"{d.name}-{key[:12]}" for key in own}
    shims = set()
    for place in (d.runtime / "instances").iterdir():
        assert place.name in {key[:12] for key in bodies}, "a folder of nobody"
        said = pids.read_json(str(place / "status.json"))
        if said is not None and pids.alive(said["pid"], said["start"]):
            shims.add(place.name)
    assert shims == {key[:12] for key in alive}


def address(d: DaemonProcess, name: str) -> str:
    """Its address on the network called steady."""
    return str(d.ask("GET", f"/containers/{name}/json")[1]["NetworkSettings"]["Networks"]["steady"]["IPAddress"])


def state(d: DaemonProcess, name: str) -> dict[str, object]:
    """State, as inspect shows it."""
    found: dict[str, object] = d.ask("GET", f"/containers/{name}/json")[1]["State"]
    return found


def until(holds: Callable[[], bool], seconds: float, what: str) -> None:
    """Wait for it."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, what
        time.sleep(0.01)
