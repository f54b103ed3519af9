"""TCP connections through published ports outlive the daemon (issue 5, daemon: traffic resumes), killed or stopped: whoever speaks
first afterwards, from outside, and from the host itself by its address and by 127.0.0.1."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from daemon_process import DaemonProcess, daemon

from dataplane.proc.server import privileged

pytestmark = [pytest.mark.live, pytest.mark.skipif(not privileged(), reason="needs root")]

HOST, OUTSIDE = "t-resume-host", "t-resume-out"
ADDRESSES = {4: ("198.51.100.1", "198.51.100.2", 24), 6: ("2001:db8:51::1", "2001:db8:51::2", 64)}
SERVER = """
import socket, threading, time
server = socket.create_server(("::", 80), family=socket.AF_INET6, dualstack_ipv6=True)
def serve(stream):
    stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    wish = stream.recv(9)
    if wish == b"whom":
        return stream.sendall(stream.getpeername()[0].encode())
    if wish == b"talk":
        while True:
            stream.sendall(b"word")
            time.sleep(0.02)
    while data := stream.recv(100):
        stream.sendall(data)
while True:
    threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()
"""
CLIENT = """
import socket, sys, time
address, port, wish = sys.argv[1:]
for _ in range(200):
    try:
        stream = socket.create_connection((address, int(port)), timeout=2)
        break
    except OSError:
        time.sleep(0.05)
stream.settimeout(40)
stream.sendall(wish.encode())
time.sleep(0.1)
while True:
    if wish == "echo":
        stream.sendall(b"word")
    heard = stream.recv(4)
    assert heard, "the end"
    print("heard", flush=True)
    time.sleep(0.02 if wish == "echo" else 0)
"""


def ip(*words: str, check: bool = True) -> None:
    subprocess.run(["ip", *words], check=check, capture_output=True)


@pytest.fixture
def host() -> Iterator[str]:
    """A host of its own, for the daemon, and a machine outside that knows no way but to it."""
    try:
        for name in (HOST, OUTSIDE):
            ip("netns", "add", name)
            ip("-n", name, "link", "set", "lo", "up")
        ip("-n", HOST, "link", "add", "eth0", "type", "veth", "peer", "name", "eth0", "netns", OUTSIDE)
        for name, at in ((HOST, 0), (OUTSIDE, 1)):
            ip("-n", name, "link", "set", "eth0", "up")
            for row in ADDRESSES.values():
                ip("-n", name, "address", "add", f"{row[at]}/{row[2]}", "dev", "eth0", *(["nodad"] if ":" in row[at] else []))
        for row in ADDRESSES.values():  # where translated packets go while there is no TAP
            ip("-n", HOST, "route", "add", "default", "via", row[1])
        yield HOST
    finally:
        for name in (HOST, OUTSIDE):
            ip("netns", "delete", name, check=False)


class Stream:
    """A client of the published port that hears a word, again and again."""

    def __init__(self, where: str, address: str, wish: str) -> None:
        words = ["ip", "netns", "exec", where, sys.executable, "-c", CLIENT, address, "18099", wish]
        self.what = f"{where} {address} {wish}"
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def hears(self, words: int = 3) -> None:
        """So many more; what was on its way before the daemon ended does not count."""
        assert self.process.stdout is not None
        for _ in range(words):
            if self.process.stdout.readline() != "heard\n":
                assert self.process.stderr is not None
                raise AssertionError(f"{self.what}: {self.process.stderr.read()}")

    def end(self) -> None:
        self.process.kill()
        self.process.communicate()


LISTENS = """import socket, time
for _ in range(400):
    if socket.socket().connect_ex(("web", 80)) == 0:
        break
    time.sleep(0.05)"""
"""Whoever is on its network waits until the server is there."""


@contextmanager
def served(tmp_path: Path, host: str) -> Iterator[DaemonProcess]:
    with daemon(tmp_path, netns=host) as process:
        config = {"Config": [{"Subnet": "10.62.1.0/24"}, {"Subnet": "fd62:1::/64"}]}
        assert process.ask("POST", "/networks/create", {"Name": "n", "EnableIPv6": True, "IPAM": config})[0] == 201
        ports = {"PortBindings": {"80/tcp": [{"HostPort": "18099"}]}}
        process.run("web", "python3", "-c", SERVER, network="n", HostConfig=ports)
        yield process


@pytest.mark.parametrize("how", ["kill -9", "SIGTERM"])
def test_streams_through_a_published_port_outlive_a_daemon(tmp_path: Path, host: str, how: str) -> None:
    """Of both families and from the host itself, the client speaking first or the server; twice, and new ones come in as before."""
    with served(tmp_path, host) as process, ExitStack() as stack:
        places = [(OUTSIDE, ADDRESSES[4][0]), (OUTSIDE, ADDRESSES[6][0]), (HOST, ADDRESSES[4][0]), (HOST, "127.0.0.1")]
        streams = [Stream(*place, wish) for place in places for wish in ("echo", "talk")]
        for one in streams:
            stack.callback(one.end)
        for _ in range(2):
            for one in streams:
                one.hears()
            if how == "SIGTERM":
                assert process.stop() == 0
            else:
                process.kill()
            time.sleep(0.3)
            process.start()
            for one in streams:
                one.hears(60)  # what was heard meanwhile, and waits in the pipe, is less
        late = Stream(OUTSIDE, ADDRESSES[4][0], "echo")
        stack.callback(late.end)
        late.hears()


@pytest.mark.parametrize("forget", [False, True])
def test_the_hosts_addresses_are_known_to_the_next_daemon(tmp_path: Path, host: str, forget: bool) -> None:
    """A container that asks for a published port at the host's address is taken there by the engine itself, before and after; also
    where the interface is another one."""
    ask = f"""import socket
with socket.create_connection(("{ADDRESSES[4][0]}", 18099), 30) as stream:
    stream.sendall(b"whom")
    print(stream.recv(99).decode())"""
    with served(tmp_path, host) as process:
        process.run("beside", network="n")
        process.docker("exec", "beside", sys.executable, "-c", LISTENS)
        said = [process.docker("exec", "beside", sys.executable, "-c", ask)]
        for end in (process.kill, process.stop):
            end()
            if forget:
                ip("-n", host, "link", "delete", f"dp-{process.name}")
                (process.runtime / "host.json").unlink()
            process.start()
            said.append(process.docker("exec", "beside", sys.executable, "-c", ask))
        assert said == said[:1] * 3


EAR = """
import socket
server = socket.create_server(("0.0.0.0", 80))
while True:
    stream = server.accept()[0]
    print("accepted", flush=True)
    print(stream.makefile().read(), flush=True)
"""
LAST_WORDS = """
import socket, sys, time
for _ in range(400):
    try:
        stream = socket.create_connection((sys.argv[1], 18099), timeout=2)
        break
    except OSError:
        time.sleep(0.05)
print("connected", flush=True)
sys.stdin.readline()
stream.sendall(b"last words")
time.sleep(0.4)  # they were sent again, alone, and nobody was there
stream.close()
"""


def test_what_was_said_and_closed_meanwhile_arrives(tmp_path: Path, host: str) -> None:
    """The client has gone by the time the next daemon is there: its kernel sends the rest together with the FIN."""
    with daemon(tmp_path, netns=host) as process:
        ports = {"PortBindings": {"80/tcp": [{"HostPort": "18099"}]}}
        process.run("ear", sys.executable, "-c", EAR, HostConfig=ports)
        words = ["ip", "netns", "exec", OUTSIDE, sys.executable, "-c", LAST_WORDS, ADDRESSES[4][0]]
        with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as client:
            assert client.stdout is not None
            assert client.stdout.readline() == "connected\n"
            until(lambda: process.docker("logs", "ear") == "accepted\n")
            process.kill()
            client.communicate("go\n", timeout=60)
            process.start()
            until(lambda: process.docker("logs", "ear") == "accepted\nlast words\n")


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)
