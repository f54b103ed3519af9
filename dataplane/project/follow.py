"""What several containers write, as it comes."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable, Iterator
from contextlib import suppress

from dataplane.client import Daemon
from dataplane.client.carry import CHUNK, frames
from dataplane.errors import UserError

MOST = 1000
"""Lines that wait to be shown; then the writers' connections wait."""

Line = tuple[str, str, str]


def follow(daemon: Daemon, names: Iterable[str], since: float) -> Iterator[Line]:
    """(container, stdout or stderr, line) until the last of them ends. ``since``: seconds since 1970."""
    lines: queue.Queue[Line | None] = queue.Queue(MOST)
    threads = [threading.Thread(target=_read, args=(daemon, name, since, lines), daemon=True) for name in names]
    for thread in threads:
        thread.start()
    for _ in threads:
        while (line := lines.get()) is not None:
            yield line


def _read(daemon: Daemon, name: str, since: float, lines: queue.Queue[Line | None]) -> None:
    try:
        with suppress(OSError, UserError):
            tty = daemon.ask("GET", f"/containers/{name}/json")["Config"]["Tty"]
            query = {"stdout": True, "stderr": True, "follow": True, "since": f"{since:.9f}"}
            connection, response = daemon.open("GET", f"/containers/{name}/logs", query=query, timeout=None)
            blocks = iter(lambda: response.read1(CHUNK), b"")
            rests = {1: b"", 2: b""}
            for stream, data in ((1, block) for block in blocks) if tty else frames(blocks):
                *whole, rests[stream] = (rests[stream] + data).split(b"\n")
                for line in whole:
                    lines.put((name, "stderr" if stream == 2 else "stdout", line.decode("utf-8", "replace").rstrip("\r")))
            for stream, rest in rests.items():
                if rest:
                    lines.put((name, "stderr" if stream == 2 else "stdout", rest.decode("utf-8", "replace")))
            connection.close()
    finally:
        lines.put(None)
