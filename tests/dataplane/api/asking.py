"""Raw HTTP on a Unix socket, for what no client of Docker's would say."""

from __future__ import annotations

import http.client
import json
import socket
import struct
from pathlib import Path
from typing import Any


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: Path, timeout: float) -> None:
        super().__init__("daemon", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = connected(self._path, self.timeout)


def connected(path: Path, timeout: float = 10.0) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.settimeout(timeout)
    sock.connect(str(path))
    return sock


def ask(
    path: Path,
    line: str,
    body: object = None,
    *,
    data: bytes | None = None,
    headers: dict[str, str] | None = None,
    timeout: float = 10.0,
) -> tuple[int, Any]:
    """`GET /path`: status and JSON (or octets, where it is none)."""
    status, found, _ = ask_whole(path, line, body, data=data, headers=headers, timeout=timeout)
    return status, found


def ask_whole(
    path: Path,
    line: str,
    body: object = None,
    *,
    data: bytes | None = None,
    headers: dict[str, str] | None = None,
    timeout: float = 10.0,
) -> tuple[int, Any, http.client.HTTPMessage]:
    method, _, target = line.partition(" ")
    connection = _Connection(path, timeout)
    sent = data if body is None else json.dumps(body).encode()
    try:
        connection.request(method, target, sent, headers or ({"Content-Type": "application/json"} if sent else {}))
        answer = connection.getresponse()
        octets = answer.read()
    finally:
        connection.close()
    try:
        return answer.status, json.loads(octets), answer.headers
    except ValueError:
        return answer.status, octets, answer.headers


def hijacked(path: Path, target: str, body: object = None, *, upgrade: bool = True) -> tuple[socket.socket, bytes, bytes]:
    """POST; the socket, the head of the answer, and what has come behind it already."""
    sock = connected(path)
    sent = b"" if body is None else json.dumps(body).encode()
    more = "Connection: Upgrade\r\nUpgrade: tcp\r\n" if upgrade else ""
    head = f"POST {target} HTTP/1.1\r\nHost: daemon\r\n{more}Content-Type: application/json\r\nContent-Length: {len(sent)}\r\n\r\n"
    sock.sendall(head.encode() + sent)
    seen = b""
    while b"\r\n\r\n" not in seen:
        piece = sock.recv(4096)
        if not piece:
            break
        seen += piece
    answer, _, rest = seen.partition(b"\r\n\r\n")
    return sock, answer, rest


def rest_of(sock: socket.socket, seen: bytes = b"") -> bytes:
    """All until the other side ends."""
    while piece := sock.recv(65536):
        seen += piece
    return seen


def frames(data: bytes) -> list[tuple[int, bytes]]:
    """Docker's multiplexed streams, taken apart."""
    found = []
    while data:
        stream, length = struct.unpack(">B3xI", data[:8])
        assert len(data) >= 8 + length
        found.append((stream, data[8 : 8 + length]))
        data = data[8 + length :]
    return found
