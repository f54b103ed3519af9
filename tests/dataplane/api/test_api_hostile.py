"""Hostile requests (issue: "huge, truncated, wrong types, path tricks in names refused, nothing left behind"); the socket."""

import asyncio
import os
import socket
import stat
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from dataplane.api import server
from dataplane.api.gate import Gate
from dataplane.api.listening import Listening, require_free
from dataplane.errors import UserError
from tests.dataplane.api.asking import ask, connected, rest_of
from tests.dataplane.api.serving import served

TYPE = b"Content-Type: application/json\r\n"


def raw(path, data, *, end=False):
    """All that comes back for some octets."""
    sock = connected(path, 15)
    try:
        sock.sendall(data)
        if end:
            sock.shutdown(socket.SHUT_WR)
        return rest_of(sock)
    except (BrokenPipeError, ConnectionResetError):
        return b""
    finally:
        sock.close()


def unharmed(path, before):
    """It answers as before, and no request has left a thing."""
    assert ask(path, "GET /networks", timeout=30) == before
    assert ask(path, "GET /containers/json?all=1") == (200, [])


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"\x00" * 1000, b"400"),
        (b"GET / HTTP/1.1\r\n" + b"X: " + b"a" * 200_000 + b"\r\n\r\n", b"400"),
        (b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\nHost: d\r\n\r\n", b"400"),
        (b"BREW /containers HTTP/1.1\r\nHost: d\r\n\r\n", b"400"),
        (b"PATCH /containers HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n", b"501"),
        (b"GET /networks HTTP/9.9\r\nHost: d\r\n\r\n", b"400"),
        (b"POST /networks/create HTTP/1.1\r\nHost: d\r\nContent-Length: -5\r\n\r\n", b"400"),
        (b"POST /networks/create HTTP/1.1\r\nHost: d\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", b"400"),
        (b"POST /networks/create HTTP/1.1\r\nHost: d\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n", b"400"),
        (b"GET /containers/%ff%fe/json HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n", b"404"),
        (b"GET /containers/../../../etc/passwd/json HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n", b"404"),
        (b"GET /containers/%2e%2e%2f%2e%2e%2fetc/json HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n", b"404"),
        (b"GET /v1.41/../v9.9/info HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n", b"501"),
        (b"GET http://elsewhere/info HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n", b"200"),
        (b"GET /containers/x%00y/json HTTP/1.1\r\nHost: d\r\nConnection: close\r\n\r\n", b"404"),
    ],
)  # fmt: skip
def test_what_is_hardly_http(fake, socket_path, data, status):
    before = ask(socket_path, "GET /networks")
    seen = raw(socket_path, data)
    assert seen[9:12] == status or (seen == b"" and status == b"400"), seen[:300]
    unharmed(socket_path, before)


def test_a_body_that_never_comes_whole(fake, socket_path):
    """Truncated: the connection ends in the middle; nothing is made."""
    before = ask(socket_path, "GET /networks")
    for said in (1000, 16):
        head = b"POST /networks/create HTTP/1.1\r\nHost: d\r\n%bContent-Length: %d\r\n\r\n" % (TYPE, said)
        raw(
            socket_path,
            head + b'{"Name":"half"',
            end=True,
        )
    unharmed(socket_path, before)


def test_a_body_that_is_huge(fake, socket_path):
    """Said to be huge, and huge without saying it: refused, and never held in memory."""
    before = ask(socket_path, "GET /networks")
    status, body = ask(socket_path, "POST /networks/create", data=b"x" * (server.LONGEST_BODY + 1))
    assert status == 413
    assert "too large" in body["message"]
    chunk = b"%x\r\n" % 65536 + b"x" * 65536 + b"\r\n"
    head = b"POST /networks/create HTTP/1.1\r\nHost: d\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    seen = raw(socket_path, head + chunk * (server.LONGEST_BODY // 65536 + 2) + b"0\r\n\r\n")
    assert seen == b"" or seen[9:12] == b"413"
    unharmed(socket_path, before)


def test_a_body_that_is_packed_is_not_unpacked(fake, socket_path):
    import gzip

    bomb = gzip.compress(b'{"Name":"' + b"a" * 50_000_000 + b'"}')
    status, body = ask(
        socket_path, "POST /networks/create", data=bomb, headers={"Content-Type": "application/json", "Content-Encoding": "gzip"}
    )
    assert status == 400 and "invalid JSON" in body["message"]


@pytest.mark.parametrize("kind", ["text/plain", "application/jsonx", "multipart/form-data"])
def test_other_kinds_of_bodies(fake, socket_path, kind):
    status, body = ask(socket_path, "POST /networks/create", {"Name": "n"}, headers={"Content-Type": kind})
    assert (status, body["message"]) == (400, f"unsupported Content-Type header ({kind}): must be 'application/json'")
    status, body = ask(socket_path, "POST /networks/create", {"Name": "n"}, headers={"X": "no type"})
    assert (status, body["message"]) == (400, "malformed Content-Type header (): mime: no media type")


@pytest.mark.parametrize(
    "line",
    [
        "GET /containers/json?limit=x", "GET /containers/json?limit=99999999999999999999", "GET /containers/json?filters={",
        "POST /containers/c/resize?h=-1&w=5", "POST /containers/c/stop?t=soon", "GET /events?since=soon",
        "GET /networks?filters=[]", "GET /events?since=5&until=4", "POST /containers/c/wait?condition=x",
    ],
)  # fmt: skip
def test_wrong_queries(fake, socket_path, line):
    status, body = ask(socket_path, line)
    assert status == 400
    assert body["message"]


def test_slow_headers_are_cut_off(socket_path):
    """Octet by octet: after the time for headers is over, an answer that says so and the end."""
    with served(socket_path, gate=Gate(patience=1.5)):
        sock = connected(socket_path)
        deadline = time.monotonic() + 30
        seen = b""
        sock.sendall(b"GET /_ping HTTP/1.1\r\nHost: d\r\nX: ")
        sock.settimeout(0.05)
        while True:
            assert time.monotonic() < deadline
            try:
                sock.sendall(b"X")
                piece = sock.recv(1000)
            except TimeoutError:
                continue
            except OSError:
                break
            if not piece:
                break
            seen += piece
        assert b"408" in seen or seen == b""
        silent = connected(socket_path)
        assert rest_of(silent).startswith(b"HTTP/1.1 408")
        assert ask(socket_path, "GET /_ping")[0] == 200


def test_slow_bodies_are_given_up(socket_path, monkeypatch):
    monkeypatch.setattr("dataplane.api.call.PATIENCE", 0.3)
    with served(socket_path) as fake:
        sock = connected(socket_path)
        sock.sendall(b'POST /networks/create HTTP/1.1\r\nHost: d\r\nContent-Length: 100\r\n\r\n{"Name":')
        assert sock.recv(1000)[9:12] == b"408"
        sock.close()
        assert len(fake.state.networks) == 3


def test_thousands_of_connections(socket_path):
    """Those above the limit are told so; when they have gone, others are answered, and no descriptor is left."""
    gate = Gate(most=50)
    with served(socket_path, gate=gate):
        ask(socket_path, "GET /_ping")
        before = len(list(Path("/proc/self/fd").iterdir()))
        held = [connected(socket_path) for _ in range(50)]
        for _ in range(2000):
            sock = connected(socket_path)
            with suppress(ConnectionResetError):
                assert rest_of(sock).startswith(b"HTTP/1.1 503")
            sock.close()
        assert gate.open == 50
        for sock in held:
            sock.close()
        deadline = time.monotonic() + 30
        while gate.open and time.monotonic() < deadline:
            time.sleep(0.01)
        assert ask(socket_path, "GET /_ping")[0] == 200
        while len(list(Path("/proc/self/fd").iterdir())) > before + 2:
            assert time.monotonic() < deadline
            time.sleep(0.01)


def test_many_requests_at_once_are_all_answered(fake, socket_path):
    found = []

    def many():
        for _ in range(25):
            found.append(ask(socket_path, "GET /containers/json")[0])

    threads = [threading.Thread(target=many, daemon=True) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [200] * 200


def test_a_change_is_finished_though_its_client_has_gone(fake, socket_path, monkeypatch):
    """Nothing half made: who hangs up in the middle gets what it asked for, unseen."""
    begun, create = threading.Event(), fake.networks.create

    async def slow(wish):
        begun.set()
        await asyncio.sleep(0.3)
        return await create(wish)

    monkeypatch.setattr(fake.networks, "create", slow)
    sock = connected(socket_path)
    sock.sendall(b"POST /networks/create HTTP/1.1\r\nHost: d\r\n" + TYPE + b'Content-Length: 12\r\n\r\n{"Name":"n"}')
    assert begun.wait(30)
    sock.close()
    deadline = time.monotonic() + 30
    while len(fake.state.networks) < 4 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert "n" in {network.name for network in fake.state.networks.values()}


def test_an_error_of_our_own_is_500_and_hurts_nobody(fake, socket_path, monkeypatch, capsys):
    def broken(reference):
        raise RuntimeError("a bug")

    monkeypatch.setattr(fake.networks, "find", broken)
    status, body = ask(socket_path, "GET /networks/x")
    assert (status, body["message"]) == (500, "dataplane failed to answer: RuntimeError: a bug")
    assert "a bug" in capsys.readouterr().err
    assert ask(socket_path, "GET /_ping")[0] == 200


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_the_socket_is_for_its_owner_and_group(tmp_path, umask):
    """Issue: "a unix socket (0660)", whatever the umask."""
    old = os.umask(umask)
    try:
        listening = Listening(tmp_path / "s")
    finally:
        os.umask(old)
    found = os.lstat(tmp_path / "s")
    assert stat.S_ISSOCK(found.st_mode)
    assert stat.S_IMODE(found.st_mode) == 0o660
    assert stat.S_IMODE(os.lstat(tmp_path / ".s.lock").st_mode) == 0o600
    listening.close()
    assert list(tmp_path.iterdir()) == []


def test_a_socket_has_one_daemon(tmp_path):
    first = Listening(tmp_path / "s")
    with pytest.raises(UserError, match="another daemon answers"):
        Listening(tmp_path / "s")
    first.close()
    with socket.socket(socket.AF_UNIX) as foreign:  # somebody else's, without a lock of ours
        foreign.bind(str(tmp_path / "s"))
        foreign.listen()
        with pytest.raises(UserError, match="another daemon answers"):
            Listening(tmp_path / "s")
    Listening(tmp_path / "s").close()  # nobody listens there any more


def test_what_is_no_socket_stays(tmp_path):
    (tmp_path / "s").write_text("precious")
    with pytest.raises(UserError, match="is no socket"):
        Listening(tmp_path / "s")
    assert (tmp_path / "s").read_text() == "precious"
    (tmp_path / "link").symlink_to(tmp_path / "s")
    with pytest.raises(UserError, match="is no socket"):
        Listening(tmp_path / "link")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "s"]
    with pytest.raises(UserError, match="is no socket"):
        require_free(tmp_path / "s")  # before anything else is made


def test_a_path_may_be_longer_than_an_address_and_a_name_may_not(tmp_path):
    deep = tmp_path / ("d" * 200) / "s"
    Listening(deep).close()
    require_free(deep)
    for name in ("n" * 108, "n" * 300):
        with pytest.raises(UserError) as error:
            require_free(tmp_path / name)
        assert error.value.what == f"the name of the socket is too long: {'n' * 64}…"


def test_a_path_longer_than_an_address(tmp_path):
    folder = tmp_path / ("x" * 120)
    with served(folder / "docker.sock"):
        assert (folder / "docker.sock").is_socket()
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
