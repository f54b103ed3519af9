"""The control socket against clients that are wrong, slow or gone; a full disk; a lab process under odd circumstances."""

from __future__ import annotations

import json
import os
import resource
import select
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from labs import ROOT, assert_gone, in_world, lab, ok, row, run, wait_for

from dataplane import compose, live
from dataplane.errors import UserError
from dataplane.live.client import Client
from dataplane.proc import kernel
from dataplane.proc.registry import base_folder

pytestmark = [pytest.mark.live, pytest.mark.skipif(os.geteuid() != 0, reason="private mount namespaces need root")]

ONE = "services: {web: {image: host, command: [sleep, '1000']}}"


def raw(client: Client, data: bytes) -> socket.socket:
    """A connection that has sent something."""
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(30)
    connection.connect(str(client.folder / "control.sock"))
    connection.sendall(data)
    return connection


def request(client: Client, verb: str, path: str, body: bytes = b"") -> tuple[int, dict[str, object]]:
    """Status and JSON of a request of any kind."""
    head = f"{verb} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    with raw(client, head + body) as connection, connection.makefile("rb") as answer:
        status = int(answer.readline().split()[1])
        while answer.readline() not in {b"\r\n", b""}:
            pass
        text = answer.read()
    return status, json.loads(text) if text.startswith(b"{") else {}


def descriptors(client: Client) -> int:
    return len(list(Path(f"/proc/{client.lab()['pid']}/fd").iterdir()))


@in_world()
def test_wrong_requests_are_told_what_is_wrong() -> None:
    with lab(ONE, "ctl-wrong") as client:
        assert (client.folder / "control.sock").stat().st_mode & 0o777 == 0o600
        exec_path = "/v1/instances/web/exec"
        cases = [
            ("GET", "/v1/nothing", b"", 404, "Not Found"),
            ("DELETE", "/v1/stop", b"", 405, "Method Not Allowed"),
            ("GET", "/v1/logs?tail=x", b"", 400, "tail=x is not a whole number"),
            ("GET", "/v1/logs?service=nobody", b"", 404, "has no service nobody"),
            ("GET", "/v1/stats?interval=-1", b"", 400, "interval=-1 is not a number"),
            ("GET", "/v1/stats?interval=nan", b"", 400, "interval=nan is not a number"),
            ("GET", "/v1/logs?follow=maybe", b"", 400, "follow=maybe is neither"),
            ("GET", "/v1/graph?format=pdf", b"", 400, "format=pdf is none of"),
            ("GET", "/v1/networks/none/fdb", b"", 404, "has no network none"),
            ("POST", exec_path, b"{", 400, "not JSON"),
            ("POST", exec_path, b"[]", 400, "not a JSON object"),
            ("POST", exec_path, b"{}", 400, "command is not a list"),
            ("POST", exec_path, b'{"command": []}', 400, "there is no command"),
            ("POST", exec_path, b'{"command": ["a\\u0000b"]}', 400, "command is not a list of texts"),
            ("POST", exec_path, b'{"command": ["a"], "bad": 1}', 400, "unknown key bad"),
            ("POST", exec_path, b'{"command": ["a"], "tty": 1}', 400, "tty is not of the right type"),
            ("POST", exec_path, b'{"command": ["a"], "size": [1]}', 400, "size is not"),
            ("POST", "/v1/exec/none/start", b"", 404, "there is no exec none"),
            ("POST", "/v1/apply", b'{"name": 1}', 400, "is no topology"),
            ("POST", "/v1/apply", b"[" * 100000, 400, "is no topology"),
        ]
        for verb, path, body, status, words in cases:
            found, answer = request(client, verb, path, body)
            assert (found, words in str(answer.get("error"))) == (status, True), (verb, path, found, answer)
        assert request(client, "POST", "/v1/apply", b"x" * (17 << 20))[0] == 413
        ok(client, "web", "true")


@in_world()
def test_clients_that_vanish_leave_nothing_behind() -> None:
    with lab(ONE, "ctl-gone") as client:
        before = descriptors(client)
        held = [
            raw(client, f"GET /v1/{path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            for path in ("logs?follow=1", "events?follow=1", "stats?stream=1", "networks/default/fdb?watch=1")
        ]
        held.append(raw(client, b"POST /v1/apply HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{"))
        held.append(raw(client, b"GET /v1/inst"))
        for command in (["sleep", "1000"], ["cat"]):
            made = client.connection.ask("POST", "instances/web/exec", body={"command": command, "stdin": True})["id"]
            held.append(
                raw(
                    client,
                    f"POST /v1/exec/{made}/start HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n".encode(),
                )
            )
            assert held[-1].recv(100).startswith(b"HTTP/1.1 101")
        time.sleep(0.3)
        for connection in held:
            connection.close()
        wait_for(lambda: descriptors(client) <= before, "their descriptors are closed")
        # What they ran was hung up on, as a terminal would.
        wait_for(lambda: run(client, "web", "pgrep", "-x", "cat")[0] == 1, "their commands end")
        assert ok(client, "web", "pgrep", "-c", "-x", "sleep") == "1\n"


@in_world()
def test_a_reader_of_logs_that_does_not_read_costs_nothing() -> None:
    text = """
services:
  loud: {image: host, command: [sh, -c, "yes some-words-that-fill-a-line-of-the-log | head -n 400000"]}
"""
    with lab(text, "ctl-slow") as client:
        lazy = [raw(client, b"GET /v1/logs?follow=1 HTTP/1.1\r\nHost: x\r\n\r\n") for _ in range(4)]
        pid = client.lab()["pid"]
        wait_for(lambda: row(client, "loud")["state"] == "exited", "it has written all", 120)
        size = int(
            next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS")).split()[1]
        )
        assert size < 150_000, f"{size} kB"
        assert sum(path.stat().st_size for path in (client.folder / "instances/loud").glob("log*")) < 17 << 20
        for connection in lazy:
            connection.close()


@in_world()
def test_more_requests_than_may_be_are_refused_and_the_lab_goes_on() -> None:
    with lab(ONE, "ctl-many") as client:
        resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
        many = [raw(client, b"GET /v1/events?follow=1 HTTP/1.1\r\nHost: x\r\n\r\n") for _ in range(128)]
        wait_for(lambda: request(client, "GET", "/v1/ping")[0] == 503, "the limit")
        for connection in many:
            connection.close()
        wait_for(lambda: request(client, "GET", "/v1/ping")[0] == 200, "it answers again")


@in_world()
def test_a_full_disk_is_named_and_nothing_is_left() -> None:
    base_folder().mkdir(mode=0o700)
    kernel.mount("none", str(base_folder()), "tmpfs")
    base_folder().chmod(0o700)
    subprocess.run(["mount", "-o", "remount,size=64k", "none", str(base_folder())], check=True)
    try:
        (base_folder() / ".full").write_bytes(b"x" * 60 * 1024)
        with pytest.raises(UserError, match="No space left on device") as error:
            live.up(compose.load(ONE, name="ctl-full", text=True), detach=True)
        assert "room" in error.value.mend
        assert_gone("ctl-full")
    finally:
        (base_folder() / ".full").unlink()
        kernel.unmount(str(base_folder()))
        base_folder().rmdir()
        shutil.rmtree("/run/mount")  # mount(8) wrote that


FLOOD = """
import socket
out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for number in range(4000):
    out.sendto(b"x", ("172.17.0.3", 9))
"""


@in_world()
def test_what_the_kernel_drops_before_the_engine_can_read_it_is_shown() -> None:
    with lab("services: {web: {image: host}, db: {image: host}}", "ctl-queue") as client:
        ok(client, "web", "ping", "-c", "1", "-W", "2", "db")
        pid = client.lab()["pid"]
        inside = ["nsenter", "-t", str(row(client, "web")["pid"]), "-n"]
        os.kill(pid, signal.SIGSTOP)  # an engine that is too slow, as slow as can be
        try:
            subprocess.run([*inside, sys.executable, "-c", FLOOD], check=True, timeout=60)
        finally:
            os.kill(pid, signal.SIGCONT)
        web = next(one for one in client.stats(interval=0) if one["port"] == "web.default")
        assert (web["kernel_queue"] or 0) > 1000
        assert web["dropped"] == 0, "what the kernel dropped is none of the engine's drops"


@in_world()
def test_a_terminal_has_its_size_and_hears_of_changes() -> None:
    with lab(ONE, "ctl-tty"):
        ours, theirs = os.openpty()
        script = (
            "import sys; sys.path.insert(0, sys.argv[1])\n"
            "from dataplane import live\n"
            'script = \'stty size; while read x; do stty size; [ "$(stty size)" != "44 88" ] || exit 9; done\'\n'
            "sys.exit(live.find(lab='ctl-tty').exec('web', ['sh', '-c', script], tty=True))"
        )
        import fcntl
        import struct
        import termios

        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", 33, 77, 0, 0))
        child = subprocess.Popen(
            [sys.executable, "-c", script, str(ROOT)], stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
        )
        seen = b""
        while b"33 77" not in seen:
            seen += os.read(ours, 1000)
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", 44, 88, 0, 0))
        child.send_signal(signal.SIGWINCH)
        deadline = time.monotonic() + 30
        while b"44 88" not in seen:  # it may not have heard of it yet
            assert time.monotonic() < deadline, seen
            os.write(ours, b"\r")
            if select.select([ours], [], [], 0.5)[0]:
                seen += os.read(ours, 1000)
        assert child.wait(30) == 9
