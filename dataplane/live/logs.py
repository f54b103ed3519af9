"""What services wrote, from the logs that their shims keep (``proc.log``). Nothing waits in memory for a slow reader."""

from __future__ import annotations

import asyncio
import heapq
import json
from collections import deque
from collections.abc import AsyncGenerator, Callable, Collection, Iterable, Iterator
from pathlib import Path

from dataplane.live.rows import LogRow
from dataplane.proc.logfile import BATCH, LogFile

POLL = 0.1


def _row(instance: str, line: bytes) -> LogRow | None:
    try:
        body = json.loads(line)
        row: LogRow = {"instance": instance, "time": body["time"], "stream": body["stream"], "text": body["text"]}
    except (ValueError, KeyError, TypeError):
        return None  # the disk was full in the middle of it
    if body.get("partial"):
        row["partial"] = True
    return row


class Reader:
    """Where somebody is in one instance's log."""

    def __init__(self, folder: Path, instance: str) -> None:
        self._file = LogFile(folder / "instances" / instance)
        self._instance = instance

    def history(self, since: int, tail: int | None) -> Iterator[LogRow]:
        """What there is after ``since`` (ns since 1970), the last ``tail`` lines of it only, if given."""
        rows = (row for row in self._read(self._file.history()) if row["time"] > since)
        return rows if tail is None else iter(deque(rows, maxlen=tail))

    def take(self) -> Iterator[LogRow]:
        """The next lines, some hundred at most."""
        return self._read(self._file.take())

    def _read(self, lines: Iterable[bytes]) -> Iterator[LogRow]:
        return filter(None, (_row(self._instance, line) for line in lines))

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


async def logs(
    folder: Path,
    present: Callable[[], Iterable[str]],
    wanted: Collection[str] | None = None,
    *,
    since: int = 0,
    tail: int | None = None,
    follow: bool = False,
    ended: Callable[[], bool] = lambda: False,
) -> AsyncGenerator[LogRow, None]:
    """Lines in the order they were written, of the instances that are ``present``, or those of them that are ``wanted``.

    ``tail`` counts for each. With ``follow`` it goes on, also with instances that come later, until ``ended`` and all is read.
    """
    readers: dict[str, Reader] = {}

    def look() -> None:
        names = [name for name in present() if wanted is None or name in wanted]
        for gone in readers.keys() - set(names):
            readers.pop(gone).close()
        for name in names:
            if name not in readers:
                readers[name] = Reader(folder, name)

    try:
        look()
        history = heapq.merge(*(one.history(since, tail) for one in readers.values()), key=lambda row: row["time"])
        for number, row in enumerate(history):
            yield row
            if number % BATCH == 0:
                await asyncio.sleep(0)
        while follow:
            look()
            last = ended()
            rows = sorted((row for one in readers.values() for row in one.take()), key=lambda row: row["time"])
            for row in rows:
                yield row
            if not rows and last:
                return
            if not rows:
                await asyncio.sleep(POLL)
    finally:
        for one in readers.values():
            one.close()
