"""The client's side of exec: a connection that stops speaking HTTP, between our descriptors and the command's (see ``execs``)."""

from __future__ import annotations

import os
import select
import signal
import socket
import struct
import termios
import tty
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from dataplane.errors import UserError
from dataplane.live.connection import Connection

CHUNK = 64 * 1024
HEADER = 8
UPGRADE = {"Connection": "Upgrade", "Upgrade": "tcp"}

Three = tuple[int | None, int, int]


def run(connection: Connection, service: str, wanted: dict[str, Any], stdio: Three) -> int:
    """Create, start, carry, and ask how it ended: the exit status."""
    from urllib.parse import quote

    stdin = stdio[0]
    if wanted["tty"]:
        wanted["size"] = _size(stdin)
    made = connection.ask("POST", f"instances/{quote(service, safe='')}/exec", body=wanted)["id"]
    http, response = connection.open("POST", f"exec/{made}/start", headers=UPGRADE, timeout=None)
    try:
        if response.status != 101 or http.sock is None:
            raise UserError("the lab did not hand over the connection", mend="is it of another version? down, then up", status=1)
        http.sock.setblocking(False)
        early = response.fp.peek() if response.fp is not None else b""  # what came right behind the header
        http.sock.setblocking(True)
        with _raw(stdin if wanted["tty"] else None), _resizing(connection, made, stdin if wanted["tty"] else None):
            _carry(http.sock, early, stdio, multiplexed=not wanted["tty"])
    finally:
        response.close()
        http.close()
    status = connection.ask("GET", f"exec/{made}")["exit"]
    return 128 + signal.SIGKILL if status is None else int(status)


def _carry(sock: socket.socket, early: bytes, stdio: Three, *, multiplexed: bool) -> None:
    """Until the lab closes."""
    stdin, stdout, stderr = stdio
    outputs = {1: stdout, 2: stderr}
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    if stdin is not None:
        poll.register(stdin, select.POLLIN)
    pending = early
    while True:
        if multiplexed:
            pending = _split(pending, outputs)
        elif pending:
            _write(stdout, pending)
            pending = b""
        for fd, _events in poll.poll():
            if fd == sock.fileno():
                try:
                    data = sock.recv(CHUNK)
                except OSError:
                    data = b""
                if not data:
                    return
                pending += data
            elif stdin is not None:
                data = os.read(stdin, CHUNK)
                with suppress(OSError):
                    sock.sendall(data)
                if not data:
                    poll.unregister(stdin)
                    with suppress(OSError):
                        sock.shutdown(socket.SHUT_WR)


def _split(data: bytes, outputs: dict[int, int]) -> bytes:
    """Write every whole frame to its descriptor; what is left."""
    while len(data) >= HEADER:
        stream, length = struct.unpack(">B3xI", data[:HEADER])
        if len(data) < HEADER + length:
            break
        _write(outputs[stream], data[HEADER : HEADER + length])
        data = data[HEADER + length :]
    return data


def _write(fd: int, data: bytes) -> None:
    while data:
        data = data[os.write(fd, data) :]


def _size(fd: int | None) -> tuple[int, int] | None:
    with suppress(OSError):
        if fd is not None:
            size = os.get_terminal_size(fd)
            return size.lines, size.columns
    return None


@contextmanager
def _raw(fd: int | None) -> Iterator[None]:
    """The terminal passes every key on, Ctrl-C included."""
    if fd is None or not os.isatty(fd):
        yield
        return
    before = termios.tcgetattr(fd)
    tty.setraw(fd)
    try:
        yield
    finally:
        termios.tcsetattr(fd, termios.TCSADRAIN, before)


@contextmanager
def _resizing(connection: Connection, number: str, fd: int | None) -> Iterator[None]:
    """A terminal that changes its size tells the command's."""
    if fd is None or not os.isatty(fd):
        yield
        return

    def tell(_number: int, _frame: object) -> None:
        size = _size(fd)
        if size is not None:
            with suppress(UserError):
                connection.ask("POST", f"exec/{number}/resize", query={"h": size[0], "w": size[1]})

    before = signal.signal(signal.SIGWINCH, tell)
    try:
        yield
    finally:
        signal.signal(signal.SIGWINCH, before)
