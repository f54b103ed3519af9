"""Messages between lab process, helper and shims: whole objects, descriptors beside them, bounded."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from dataplane.errors import UserError
from dataplane.proc import message

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        yield ours, theirs


def test_objects_arrive_one_by_one_with_their_descriptors(pair: Pair, tmp_path: Path) -> None:
    with (tmp_path / "a").open("w") as file:
        message.send(pair[0], {"n": 1}, [file.fileno()])
        message.send(pair[0], {"n": 2})
        body, fds = message.receive(pair[1])
        assert body == {"n": 1}
        assert os.fstat(fds[0]).st_ino == os.fstat(file.fileno()).st_ino
        assert not os.get_inheritable(fds[0])
        assert message.receive(pair[1]) == ({"n": 2}, [])
        os.close(fds[0])


def test_a_closed_side_is_none(pair: Pair) -> None:
    pair[0].close()
    assert message.receive(pair[1]) == (None, [])


def test_a_request_beyond_the_bound_is_refused_here(pair: Pair) -> None:
    with pytest.raises(UserError, match="more than the 131072"):
        message.send(pair[0], {"name": "web", "argv": ["x" * message.LIMIT]})


def test_what_is_no_object_is_refused(pair: Pair) -> None:
    for data in (b"[1]", b"{", b"\xff\xfe"):
        pair[0].send(data)
        with pytest.raises(ValueError):
            message.receive(pair[1])


def test_errors_travel_whole() -> None:
    body = message.failure(UserError("what", where="where", mend="mend", status=127))
    with pytest.raises(UserError) as raised:
        message.raise_failure(body)
    error = raised.value
    assert (error.what, error.where, error.mend, error.status) == ("what", "where", "mend", 127)
    with pytest.raises(UserError, match="Permission denied"):
        message.raise_failure(message.failure(PermissionError(13, "Permission denied")))
    message.raise_failure({"pid": 1})


def test_a_socket_lies_deeper_than_an_address_may_be_long(tmp_path: Path) -> None:
    folder = tmp_path / ("x" * 100) / ("y" * 100)
    folder.mkdir(parents=True)
    path = str(folder / "helper.sock")
    message.listen(path).close()
    with pytest.raises(ConnectionRefusedError):
        message.connect(path)
    with message.listen(path) as listener, message.connect(path) as client:
        server, _ = listener.accept()
        with server:
            message.send(client, {"do": "x"})
            assert message.receive(server) == ({"do": "x"}, [])
