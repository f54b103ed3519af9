"""A connection that carries a process's streams, between our descriptors and the process (Docker's raw and multiplexed streams)."""

from __future__ import annotations

import os
import select
import socket
from collections.abc import Iterator
from contextlib import suppress

from dataplane.detach import Watcher
from dataplane.framing import whole_frames

CHUNK = 64 * 1024

Three = tuple[int | None, int, int]


def carry(sock: socket.socket, early: bytes, stdio: Three, *, multiplexed: bool, keys: bytes = b"") -> bool:
    """Until the other side closes, or a user presses ``keys``, which is told by True. ``early``: what came before."""
    stdin, stdout, stderr = stdio
    outputs = {0: stdout, 1: stdout, 2: stderr}
    watcher = Watcher(keys)
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    if stdin is not None:
        poll.register(stdin, select.POLLIN)
    pending = early
    while True:
        if multiplexed:
            found, pending = whole_frames(pending)
            for stream, data in found:
                write(outputs[stream], data)
        elif pending:
            write(stdout, pending)
            pending = b""
        for fd, _events in poll.poll():
            if fd == sock.fileno():
                try:
                    data = sock.recv(CHUNK)
                except OSError:
                    data = b""
                if not data:
                    return False
                pending += data
            elif stdin is not None:
                data = os.read(stdin, CHUNK)
                passed, detached = watcher.feed(data)
                with suppress(OSError):
                    sock.sendall(passed)
                if detached:
                    return True
                if not data:
                    poll.unregister(stdin)
                    with suppress(OSError):
                        sock.shutdown(socket.SHUT_WR)


def frames(blocks: Iterator[bytes]) -> Iterator[tuple[int, bytes]]:
    """Multiplexed octets as (1 stdout | 2 stderr, octets), for answers that end."""
    pending = b""
    for block in blocks:
        pending += block
        found, pending = whole_frames(pending)
        yield from found


def write(fd: int, data: bytes) -> None:
    """Write it all."""
    while data:
        data = data[os.write(fd, data) :]
