"""Names as users of docker's CLI see them on our daemon (DOCKER.md 1.3 and 1.5); `dataplane dns` says why."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from daemon_process import DaemonProcess, daemon
from hosts import OUTSIDE4, outside
from private_world import needs_user_namespaces, run_in_private_world

from dataplane.proc.server import privileged

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(not privileged(), reason="namespaces with names, and rules on the host"),
    pytest.mark.skipif(not Path("/usr/bin/docker").exists(), reason="Debian's docker.io is not installed"),
]

IDLE = ("host", "sleep", "1000")


def with_daemon(test: Callable[[DaemonProcess], None]) -> Callable[[Path], None]:
    def wrapped(tmp_path: Path) -> None:
        with daemon(tmp_path) as process:
            test(process)

    wrapped.__name__, wrapped.__doc__ = test.__name__, test.__doc__
    return wrapped


def dig(d: DaemonProcess, container: str, *words: str) -> set[str]:
    text = d.docker("exec", container, "dig", "+time=5", "+tries=1", "+short", *words, check=False)
    return {line for line in text.splitlines() if not line.startswith(";")}


@with_daemon
def test_names_aliases_and_links(d: DaemonProcess) -> None:
    """Rows "names", "PTR", "resolv.conf"; --network-alias, --hostname, --link on a user's network; getent by the C library."""
    d.docker("network", "create", "mine")
    d.docker("run", "-d", "--name", "db", "--network", "mine", "--network-alias", "store", "--hostname", "dbhost", *IDLE)
    d.docker("run", "-d", "--name", "web", "--network", "mine", "--link", "db:linked", *IDLE)
    short = d.docker("ps", "-q", "--filter", "name=db").strip()
    for name in ("db", "store", "dbhost", short, "linked", "db.mine", "STORE.Mine"):
        assert dig(d, "web", name) == {"172.18.0.2"}, name
    assert dig(d, "db", "linked") == set()
    assert dig(d, "web", "-x", "172.18.0.2") == {"db.mine."}
    assert d.docker("exec", "web", "getent", "ahostsv4", "store").split()[0] == "172.18.0.2"
    resolv = d.docker("exec", "web", "cat", "/etc/resolv.conf")
    assert resolv.startswith("nameserver 127.0.0.11\n")
    assert "options ndots:0\n" in resolv
    assert d.docker("exec", "db", "cat", "/etc/hostname") == "dbhost\n"
    assert d.docker("exec", "db", "hostname") == "dbhost\n"
    assert "172.18.0.2\tdbhost\n" in d.docker("exec", "db", "cat", "/etc/hosts")


@with_daemon
def test_options_of_run(d: DaemonProcess) -> None:
    """--dns, --dns-search, --dns-option, --add-host with host-gateway; on a user's network and on the default bridge."""
    d.docker("network", "create", "mine")
    words = ("--dns", "10.9.9.9", "--dns-search", "a.example", "--dns-opt", "ndots:3", "--add-host", "x:10.0.0.1")
    words = (*words, "--add-host", "up:host-gateway")
    d.docker("run", "-d", "--name", "one", "--network", "mine", *words, *IDLE)
    d.docker("run", "-d", "--name", "two", *words, *IDLE)
    lines = "search a.example\noptions ndots:3\n"
    assert d.docker("exec", "one", "cat", "/etc/resolv.conf").startswith(f"nameserver 127.0.0.11\n{lines}")
    assert d.docker("exec", "two", "cat", "/etc/resolv.conf").startswith(f"nameserver 10.9.9.9\n{lines}")
    for name, gateway in (("one", "172.18.0.1"), ("two", "172.17.0.1")):
        hosts = d.docker("exec", name, "cat", "/etc/hosts")
        assert "10.0.0.1\tx\n" in hosts
        assert f"{gateway}\tup\n" in hosts


@with_daemon
def test_hot_and_renamed(d: DaemonProcess) -> None:
    """Tutorial: connect --alias db, ping by name and alias, disconnect; a rename; the default bridge has no names until then."""
    d.docker("network", "create", "mine")
    d.docker("run", "-d", "--name", "first", "--network", "mine", *IDLE)
    d.docker("run", "-d", "--name", "late", *IDLE)
    assert d.docker("exec", "late", "timeout", "10", "getent", "hosts", "first", check=False) == ""
    d.docker("network", "connect", "--alias", "db", "mine", "late")
    assert "1 received" in d.docker("exec", "first", "ping", "-c1", "-W10", "db")
    assert "1 received" in d.docker("exec", "late", "ping", "-c1", "-W10", "first")
    d.docker("rename", "late", "later")
    assert dig(d, "first", "later") == dig(d, "first", "db") != set()
    assert dig(d, "first", "late") == set()
    d.docker("network", "disconnect", "mine", "later")
    assert dig(d, "first", "db") == set()


@with_daemon
def test_after_kill_9(d: DaemonProcess) -> None:
    """The daemon is killed and begun again: the same names, in the same containers, and what is new since."""
    d.docker("network", "create", "mine")
    d.docker("run", "-d", "--name", "web", "--network", "mine", *IDLE)
    d.docker("run", "-d", "--name", "db", "--network", "mine", *IDLE)
    assert dig(d, "web", "db") == {"172.18.0.3"}
    d.kill()
    d.start()
    assert dig(d, "web", "db") == {"172.18.0.3"}
    d.docker("run", "-d", "--name", "new", "--network", "mine", *IDLE)
    assert dig(d, "web", "new") == {"172.18.0.4"}
    assert d.docker("exec", "web", "cat", "/etc/resolv.conf").startswith("nameserver 127.0.0.11\n")


@with_daemon
def test_replicas(d: DaemonProcess) -> None:
    """A service's replicas, as Compose starts them (one alias): all addresses, in random orders."""
    d.docker("network", "create", "mine")
    for number in range(4):
        d.docker("run", "-d", "--name", f"w{number}", "--network", "mine", "--network-alias", "worker", *IDLE)
    text = [tuple(d.docker("exec", "w0", "dig", "+short", "worker").split()) for _ in range(12)]
    assert {frozenset(row) for row in text} == {frozenset(f"172.18.0.{n}" for n in (2, 3, 4, 5))}
    assert len(set(text)) > 1


@with_daemon
def test_why(d: DaemonProcess) -> None:
    """The query log by `dataplane dns`: the reason of each answer, of a name that is on another network as well."""
    d.docker("network", "create", "front")
    d.docker("network", "create", "back")
    d.docker("run", "-d", "--name", "web", "--network", "front", "--dns", "127.0.0.1", *IDLE)
    d.docker("run", "-d", "--name", "db", "--network", "back", *IDLE)
    dig(d, "web", "web")
    dig(d, "web", "db")
    words = [sys.executable, "-m", "dataplane", "dns", "web", "--format", "{{.Name}} {{.Rcode}}: {{.Why}}"]
    done = subprocess.run(words, env={**os.environ, "DATAPLANE_HOST": d.host}, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "web NOERROR: 172.18.0.2 on front",
        "db SERVFAIL: nobody is called db on front; 127.0.0.1 cannot be asked: Connection refused; "
        "db is on back, where this container is not: docker network connect back ...",
    ]


@with_daemon
def test_links_on_the_default_bridge(d: DaemonProcess) -> None:
    """--link there: /etc/hosts has the alias, the hostname and the name, and follows the other's address."""
    short = d.docker("run", "-d", "--name", "db", *IDLE)[:12]
    d.docker("run", "-d", "--name", "web", "--link", "db:store", *IDLE)
    assert f"172.17.0.2\tstore {short} db\n" in d.docker("exec", "web", "cat", "/etc/hosts")
    assert "1 received" in d.docker("exec", "web", "ping", "-c1", "-W10", "store")
    d.docker("stop", "-t", "0", "db")
    d.docker("run", "-d", "--name", "third", *IDLE)
    d.docker("start", "db")
    assert f"172.17.0.4\tstore {short} db\n" in d.docker("exec", "web", "cat", "/etc/hosts")


# Answers every A question with 203.0.113.9, on port 53 of every address.
SERVER = """
import socket
server = socket.socket(type=socket.SOCK_DGRAM)
server.bind(("", 53))
while True:
    query, peer = server.recvfrom(512)
    end = query.index(0, 12) + 5
    answer = bytes.fromhex("c00c00010001000000000004") + bytes([203, 0, 113, 9])
    server.sendto(query[:2] + b"\\x81\\x80\\0\\1\\0\\1\\0\\0\\0\\0" + query[12:end] + answer, peer)
"""


@with_daemon
def test_a_server_outside_by_the_engine(d: DaemonProcess) -> None:
    """Rows "forwarding", "--internal": a --dns server out in the world is asked through the gateway; from an internal network
    it cannot be."""
    with outside():
        server = subprocess.Popen(["ip", "netns", "exec", "outside", sys.executable, "-c", SERVER])
        try:
            d.docker("network", "create", "mine")
            d.docker("network", "create", "--internal", "shut")
            d.docker("run", "-d", "--name", "web", "--network", "mine", "--dns", OUTSIDE4, *IDLE)
            d.docker("run", "-d", "--name", "db", "--network", "shut", "--dns", OUTSIDE4, *IDLE)
            assert dig(d, "web", "+tries=5", "+noedns", "example.org") == {"203.0.113.9"}
            assert dig(d, "db", "+noedns", "example.org") == set()
            assert dig(d, "db", "db") == {d.docker("inspect", "-f", "{{.NetworkSettings.Networks.shut.IPAddress}}", "db").strip()}
        finally:
            server.kill()
            server.wait()


@needs_user_namespaces
def test_of_an_ordinary_user() -> None:
    """The same without root: names, reverse names, a hot connect, the reason in the log; after kill -9."""

    def work() -> None:
        folder = Path(os.environ["XDG_RUNTIME_DIR"]) / "t"
        folder.mkdir()
        with daemon(folder) as d:
            d.docker("network", "create", "mine")
            d.docker("run", "-d", "--name", "db", "--network", "mine", "--network-alias", "store", *IDLE)
            d.docker("run", "-d", "--name", "web", *IDLE)
            d.docker("network", "connect", "mine", "web")
            assert dig(d, "web", "store") == dig(d, "web", "+tcp", "db.mine") == {"172.18.0.2"}
            assert dig(d, "web", "-x", "172.18.0.2") == {"db.mine."}
            assert "1 received" in d.docker("exec", "web", "ping", "-c1", "-W10", "store")
            assert d.docker("exec", "web", "cat", "/etc/resolv.conf").startswith("nameserver 127.0.0.11\n")
            d.kill()
            d.start()
            assert dig(d, "web", "store") == {"172.18.0.2"}
            for name in d.docker("ps", "-aq").split():
                d.docker("rm", "-f", name)

    run_in_private_world(work, user=True)
