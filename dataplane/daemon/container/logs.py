"""What a container wrote, octet for octet, from the log that its shim keeps (``proc.log``)."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path

from dataplane.daemon.face import LogLine
from dataplane.proc import logfile
from dataplane.proc.logfile import BATCH, LogFile

POLL = 0.05


def parse(line: bytes) -> LogLine | None:
    """A line of the file; None for one that a full disk cut."""
    try:
        body = json.loads(line)
        text = base64.b64decode(body["octets"]) if "octets" in body else body["text"].encode()
        end = "" if body.get("partial") else body.get("end", "\n")
        return LogLine(body["time"], body["stream"], text + end.encode())
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def read(lines: Iterable[bytes]) -> Iterator[LogLine]:
    """Those lines of the file that say something."""
    return filter(None, map(parse, lines))


def everything(place: Path) -> list[LogLine]:
    """What was written until now; blocking."""
    with closing(LogFile(place)) as file:
        return list(read(file.history()))


def up_to(place: Path, inode: int, size: int) -> list[LogLine]:
    """What was in the log when its file was that one, and so large; blocking."""
    return list(read(logfile.up_to(place, inode, size)))


def chosen(lines: Iterable[LogLine], since: int, until: int) -> Iterator[LogLine]:
    """Those of that time (ns, 0: no bound)."""
    return (line for line in lines if since <= line.time and (not until or line.time <= until))


def last(lines: Iterable[LogLine], tail: int) -> list[LogLine]:
    """The last ``tail`` lines, each with all its parts."""
    kept: deque[list[LogLine]] = deque(maxlen=max(tail, 0))
    begun: dict[str, list[LogLine]] = {}
    for line in lines:
        parts = begun.pop(line.stream, None)
        if parts is None:
            parts = []
            kept.append(parts)
        parts.append(line)
        if not line.text.endswith(b"\n"):
            begun[line.stream] = parts
    return [line for parts in kept for line in parts]


async def logs(
    place: Path, *, since: int = 0, until: int = 0, tail: int | None = None, follow: bool = False, ended: Callable[[], bool]
) -> AsyncIterator[LogLine]:
    """Lines in the order in which they were written. With ``follow`` until ``ended`` and all is read, or ``until`` has passed."""
    with closing(LogFile(place)) as file:
        history = chosen(read(file.history()), since, until)
        if tail is not None:
            history = iter(await asyncio.to_thread(last, history, tail))
        for number, line in enumerate(history):
            yield line
            if number % BATCH == 0:
                await asyncio.sleep(0)  # a long log is not all that there is to do
        while follow:
            last_look = ended()
            lines = file.take()
            for line in read(lines):
                if until and line.time > until:
                    return
                if since <= line.time:
                    yield line
            if not lines:
                if last_look or (until and time.time_ns() > until):
                    return
                await asyncio.sleep(POLL)
