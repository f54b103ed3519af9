"""TCP connections per second: ``python -m bench.connections serve PORT`` and ``… open ADDRESS PORT SECONDS``.

The opener keeps some connections on their way at once. The server accepts each and closes it, so that TIME_WAIT stays at its side
and the opener does not run out of ports; a connection counts when its end has arrived.
"""

from __future__ import annotations

import errno
import os
import select
import socket
import sys
import time

AT_ONCE = 16
PATIENCE_S = 5.0


def serve(port: int) -> None:
    """Accept and close, for ever."""
    with socket.create_server(("", port), backlog=1024) as listener:
        print("listening", flush=True)
        while True:
            listener.accept()[0].close()


def begin(target: tuple[str, int]) -> socket.socket:
    """A connection on its way."""
    connection = socket.socket()
    connection.setblocking(False)
    error = connection.connect_ex(target)
    if error not in (0, errno.EINPROGRESS):
        raise OSError(error, f"{target[0]}:{target[1]}: {os.strerror(error)}")
    return connection


def count(target: tuple[str, int], seconds: float) -> float:
    """Connections per second. Errors: OSError for one that is refused; TimeoutError when nothing comes for 5 s."""
    poll = select.epoll()
    under_way: dict[int, socket.socket] = {}
    done = 0
    started = now = time.monotonic()
    while now < started + seconds:
        while len(under_way) < AT_ONCE:
            connection = begin(target)
            under_way[connection.fileno()] = connection
            poll.register(connection, select.EPOLLIN)
        events = poll.poll(PATIENCE_S)
        if not events:
            raise TimeoutError(f"{target[0]}:{target[1]} does not answer")
        for number, _ in events:
            connection = under_way.pop(number)
            if connection.recv(1):
                raise RuntimeError(f"{target[0]}:{target[1]} is another server")
            connection.close()
            done += 1
        now = time.monotonic()
    for connection in under_way.values():
        connection.close()
    return done / (now - started)


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(int(sys.argv[2]))
    else:
        print(count((sys.argv[2], int(sys.argv[3])), float(sys.argv[4])))
