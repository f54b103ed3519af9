"""Attach, exec, logs and events on the wire (issue: "with and without terminal; half-closed streams stay open")."""

import json
import select
import socket
import time
from urllib.parse import quote

import pytest

from tests.dataplane.api.asking import ask, connected, frames, hijacked, rest_of


def make(path, *command, name="c1", start=True, **body):
    status, made = ask(path, f"POST /containers/create?name={name}", {"Image": "host", "Cmd": list(command), **body})
    assert status == 201, made
    if start:
        assert ask(path, f"POST /containers/{name}/start")[0] == 204
    return made["Id"]


def exec_of(path, *command, **body):
    wants = {"AttachStdout": True, "AttachStderr": True, "Cmd": list(command), **body}
    status, made = ask(path, "POST /containers/c1/exec", wants)
    assert status == 201, made
    return made["Id"]


def test_attach_before_the_start_sees_all_in_frames(fake, socket_path):
    """`docker run`: attach, then start; stdout and stderr apart."""
    make(socket_path, "two", start=False)
    sock, head, rest = hijacked(socket_path, "/v1.41/containers/c1/attach?stream=1&stdout=1&stderr=1")
    assert head.startswith(b"HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream")
    ask(socket_path, "POST /containers/c1/start")
    assert frames(rest_of(sock, rest)) == [(1, b"out\n"), (2, b"err\n"), (1, b"end\n")]
    sock.close()


def test_one_stream_alone(fake, socket_path):
    make(socket_path, "two", start=False)
    sock, _, rest = hijacked(socket_path, "/containers/c1/attach?stream=1&stderr=1")
    ask(socket_path, "POST /containers/c1/start")
    assert frames(rest_of(sock, rest)) == [(2, b"err\n")]
    sock.close()


@pytest.mark.parametrize(("version", "kind"), [("v1.41", "raw"), ("v1.42", "multiplexed"), ("v1.51", "multiplexed")])
def test_the_type_of_streams_from_142_on(fake, socket_path, version, kind):
    make(socket_path, "sleep", "infinity")
    for upgrade, first in ((True, b"HTTP/1.1 101 UPGRADED"), (False, b"HTTP/1.1 200 OK")):
        sock, head, _ = hijacked(socket_path, f"/{version}/containers/c1/attach?stream=1&stdout=1", upgrade=upgrade)
        assert head.startswith(first)
        assert f"application/vnd.docker.{kind}-stream".encode() in head
        sock.close()


def test_half_closed_input_leaves_the_output_open(fake, socket_path):
    """The client has finished sending; the process hears the end and goes on to say more."""
    make(socket_path, "two", OpenStdin=True, StdinOnce=True)
    sock, _, rest = hijacked(socket_path, "/containers/c1/attach?stream=1&stdin=1&stdout=1")
    sock.sendall(b"some words")
    sock.shutdown(socket.SHUT_WR)
    assert frames(rest_of(sock, rest))[-1] == (1, b"end\n")
    sock.close()


def test_a_terminal_is_raw_and_its_keys_detach(fake, socket_path):
    """With a terminal octets go as they are; ctrl-p ctrl-q (or what the client chose) leaves, and the process goes on."""
    make(socket_path, "cat", OpenStdin=True, Tty=True)
    sock, head, rest = hijacked(socket_path, "/v1.45/containers/c1/attach?stream=1&stdin=1&stdout=1")
    assert b"raw-stream" in head
    sock.sendall(b"hello")
    assert (rest or sock.recv(100)) == b"hello"
    sock.sendall(b"\x10\x11")
    assert rest_of(sock) == b""
    sock.close()
    sock, _, rest = hijacked(socket_path, "/containers/c1/attach?stream=1&stdin=1&stdout=1&detachKeys=ctrl-x")
    sock.sendall(b"\x10\x11")
    assert (rest or sock.recv(100)) == b"\x10\x11"  # who leaves at once need not see it
    sock.sendall(b"\x18")
    assert rest_of(sock) == b""
    sock.close()
    assert ask(socket_path, "GET /containers/c1/json")[1]["State"]["Running"] is True
    assert ask(socket_path, "POST /containers/c1/attach?stream=1&detachKeys=nonsense")[0] == 400


def test_a_client_that_vanishes_lets_go(fake, socket_path):
    """Nothing left behind: the listener of a client that is gone is taken off."""
    number = make(socket_path, "sleep", "infinity")
    sock, _, _ = hijacked(socket_path, "/containers/c1/attach?stream=1&stdout=1")
    process = fake.containers.running[number]
    assert len(process._listeners) == 1
    sock.close()
    deadline = time.monotonic() + 30
    while process._listeners and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not process._listeners


def test_a_client_that_reads_nothing_stops_nobody(fake, socket_path):
    """Its process waits; others are answered."""
    make(socket_path, "flood")
    sock, _, _ = hijacked(socket_path, "/containers/c1/attach?stream=1&stdout=1")
    time.sleep(0.3)
    assert ask(socket_path, "GET /_ping", timeout=30)[0] == 200
    assert ask(socket_path, "POST /containers/c1/kill") == (204, b"")
    sock.close()


@pytest.mark.parametrize("patient", [True, False], ids=["it goes", "it is given up"])
def test_logs_that_nobody_reads_end_without_a_traceback(fake, socket_path, monkeypatch, caplog, capfd, patient):
    """The daemon's log is for what its owner can mend."""
    if not patient:
        monkeypatch.setattr("dataplane.api.sending.PATIENCE", 0.1)
    make(socket_path, "flood")
    sock = connected(socket_path)
    sock.sendall(b"GET /containers/c1/logs?follow=1&stdout=1 HTTP/1.1\r\nHost: d\r\n\r\n")
    if patient:
        time.sleep(0.5)
    else:
        hung_up = select.poll()
        hung_up.register(sock, 0)
        assert hung_up.poll(30_000), "it is given up"
    assert ask(socket_path, "POST /containers/c1/kill") == (204, b"")
    if not patient:
        assert not rest_of(sock).endswith(b"0\r\n\r\n")  # cut, not ended
    sock.close()
    assert ask(socket_path, "GET /_ping", timeout=30)[0] == 200
    time.sleep(0.1)
    assert caplog.text == ""
    assert "Traceback" not in capfd.readouterr().err


def test_streams_have_a_limit(fake, socket_path, monkeypatch):
    """Connections that were taken over cost descriptors: above the limit they are refused before anything is begun."""
    monkeypatch.setattr("dataplane.api.takeover.MOST", 2)
    make(socket_path, "sleep", "infinity")
    held = [hijacked(socket_path, "/containers/c1/attach?stream=1&stdout=1")[0] for _ in range(2)]
    assert ask(socket_path, "POST /containers/c1/attach?stream=1&stdout=1") == (503, {"message": "too many streams at once"})
    number = exec_of(socket_path, "echo", "x")
    assert ask(socket_path, f"POST /exec/{number}/start", {})[0] == 503
    assert ask(socket_path, f"GET /exec/{number}/json")[1]["Running"] is False
    for sock in held:
        sock.close()


def test_exec_without_a_terminal(fake, socket_path):
    make(socket_path, "sleep", "infinity")
    number = exec_of(socket_path, "cat", AttachStdin=True)
    sock, head, rest = hijacked(socket_path, f"/exec/{number}/start", {"Detach": False, "Tty": False})
    assert head.startswith(b"HTTP/1.1 101")
    assert ask(socket_path, f"GET /exec/{number}/json")[1]["Running"] is True
    sock.sendall(b"words")
    sock.shutdown(socket.SHUT_WR)
    assert frames(rest_of(sock, rest)) == [(1, b"words")]
    sock.close()
    found = ask(socket_path, f"GET /exec/{number}/json")[1]
    assert (found["Running"], found["ExitCode"], found["ProcessConfig"]["entrypoint"]) == (False, 0, "cat")


def test_exec_with_a_terminal_has_its_size(fake, socket_path):
    make(socket_path, "sleep", "infinity")
    number = exec_of(socket_path, "/bin/sh", AttachStdin=True, Tty=True)
    sock, _, _ = hijacked(socket_path, f"/exec/{number}/start", {"Tty": True, "ConsoleSize": [24, 80]})
    assert fake.execs.known[number][2].size == (24, 80)
    assert ask(socket_path, f"POST /exec/{number}/resize?h=50&w=100") == (200, b"")
    assert fake.execs.known[number][2].size == (50, 100)
    for words, text in [
        ("", 'invalid resize height "": invalid syntax'),
        ("?h=5", 'invalid resize width "": invalid syntax'),
        ("?h=-1&w=5", 'invalid resize height "-1": invalid syntax'),
        ("?h=5&w=65536", 'invalid resize width "65536": value out of range'),
    ]:
        assert ask(socket_path, f"POST /exec/{number}/resize{words}") == (400, {"message": text})
        assert ask(socket_path, f"POST /containers/c1/resize{words}") == (400, {"message": text})
    sock.sendall(b"exit 7\n")
    rest_of(sock)
    sock.close()
    assert ask(socket_path, f"GET /exec/{number}/json")[1]["ExitCode"] == 7


def test_exec_of_no_program_is_told_on_the_stream(fake, socket_path):
    """As dockerd: the text on the stream, 127 to be inspected."""
    make(socket_path, "sleep", "infinity")
    number = exec_of(socket_path, "nosuch")
    sock, head, rest = hijacked(socket_path, f"/exec/{number}/start", {})
    assert head.startswith(b"HTTP/1.1 101")
    assert b"executable file not found in $PATH" in rest_of(sock, rest)
    sock.close()
    assert ask(socket_path, f"GET /exec/{number}/json")[1]["ExitCode"] == 127
    number = exec_of(socket_path, "nosuch")
    assert ask(socket_path, f"POST /exec/{number}/start", {"Detach": True})[0] == 400


def test_exec_detached_and_refused(fake, socket_path):
    make(socket_path, "sleep", "infinity")
    number = exec_of(socket_path, "exit", "3")
    assert ask(socket_path, f"POST /exec/{number}/start", {"Detach": True}) == (200, b"")
    assert ask(socket_path, f"POST /exec/{number}/start", {"Detach": True})[0] == 409
    assert ask(socket_path, "POST /exec/nosuch/start", {})[0] == 404
    assert ask(socket_path, "POST /containers/c1/exec", {"Cmd": []}) == (400, {"message": "No exec command specified"})
    assert ask(socket_path, f"POST /exec/{number}/start", {"ConsoleSize": [1, 2, 3], "Tty": True})[0] == 400
    ask(socket_path, "POST /containers/c1/kill")
    assert ask(socket_path, "POST /containers/c1/exec", {"Cmd": ["true"]})[0] == 409


def test_logs(fake, socket_path):
    make(socket_path, "two")
    ask(socket_path, "POST /containers/c1/wait")
    get = "GET /v1.41/containers/c1/logs?"
    assert frames(ask(socket_path, get + "stdout=1&stderr=1")[1]) == [(1, b"out\n"), (2, b"err\n"), (1, b"end\n")]
    assert frames(ask(socket_path, get + "stdout=1&tail=1")[1]) == [(1, b"end\n")]
    assert frames(ask(socket_path, get + "stderr=1&follow=1")[1]) == [(2, b"err\n")]
    stamped = frames(ask(socket_path, get + "stdout=1&timestamps=1")[1])[0][1]
    assert stamped[10:11] == b"T" and stamped[19:20] == b"." and stamped.endswith(b"Z out\n")
    assert frames(ask(socket_path, get + f"stdout=1&since={time.time() + 60:.3f}")[1]) == []
    assert ask(socket_path, get) == (400, {"message": "Bad parameters: you must choose at least one stream"})
    assert ask(socket_path, "GET /containers/nosuch/logs?stdout=1")[0] == 404
    assert frames(ask(socket_path, "POST /containers/c1/attach?logs=1&stdout=1")[1])[0] == (1, b"out\n")


def test_events_past_and_to_come(fake, socket_path):
    """GET /events: since and until, filters, Docker's object."""
    begun = time.time()
    make(socket_path, "exit", "3")
    ask(socket_path, "POST /containers/c1/wait")

    def events(**filters):
        body = ask(socket_path, f"GET /events?since={begun:.6f}&until={time.time():.6f}&filters={quote(json.dumps(filters))}")[1]
        text = json.dumps(body).encode() if isinstance(body, dict) else body
        return [json.loads(line) for line in text.splitlines() if line]

    found = events(type=["container"])
    assert [one["Action"] for one in found] == ["create", "start", "die"]
    assert found[2]["Actor"]["Attributes"] == {"image": "host", "name": "c1", "exitCode": "3"}
    assert (found[0]["status"], found[0]["from"], found[0]["scope"]) == ("create", "host", "local")
    assert [one["Action"] for one in events(event=["die"])] == ["die"]
    assert [one["Type"] for one in events(network=["bridge"])] == ["network"]
    assert events(container=["nosuch"]) == []
    assert ask(socket_path, "GET /events?filters=" + quote('{"color":["red"]}'))[0] == 400
    sock = connected(socket_path)
    sock.sendall(b"GET /events?filters=" + quote('{"event":["create"]}').encode() + b" HTTP/1.1\r\nHost: d\r\n\r\n")
    seen = sock.recv(4096)
    assert seen.startswith(b"HTTP/1.1 200 OK")  # at once, with nothing to say yet
    make(socket_path, "sleep", "infinity", name="c2")
    while b"}\n" not in seen:
        seen += sock.recv(4096)
    assert b'"name":"c2"' in seen
    sock.close()
    deadline = time.monotonic() + 30
    while fake.events.queues and time.monotonic() < deadline:
        time.sleep(0.02)
    assert fake.events.queues == []
