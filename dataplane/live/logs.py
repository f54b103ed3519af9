"""Reading what services wrote, from the files their shims keep (``proc.log``). Nothing waits in memory for a slow reader."""

from __future__ import annotations

import asyncio
import heapq
import json
import os
from collections import deque
from collections.abc import AsyncGenerator, Callable, Collection, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from dataplane.live.rows import LogRow

POLL = 0.1
BATCH = 256


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
        self._path = folder / "instances" / instance / "log.jsonl"
        self._instance = instance
        self._file: BinaryIO | None = None
        self._rest = b""
        self._open()

    def _open(self) -> None:
        try:
            self._file = self._path.open("rb")
        except FileNotFoundError:
            self._file = None

    def _rotated(self) -> bool:
        """Another file has taken the place of ours."""
        try:
            return self._file is not None and not os.path.samestat(os.fstat(self._file.fileno()), self._path.stat())
        except FileNotFoundError:
            return False

    def history(self, since: int, tail: int | None) -> Iterator[LogRow]:
        """What there is after ``since`` (ns since 1970), the last ``tail`` lines of it only, if given."""
        rows = (row for row in self._all() if row["time"] > since)
        return rows if tail is None else iter(deque(rows, maxlen=tail))

    def _all(self) -> Iterator[LogRow]:
        try:
            with self._path.with_name("log.jsonl.1").open("rb") as file:
                yield from filter(None, (_row(self._instance, line) for line in file))
        except FileNotFoundError:
            pass
        while rows := list(self.take()):
            yield from rows

    def take(self) -> Iterator[LogRow]:
        """The next lines, BATCH at most."""
        if self._file is None:
            self._open()
        for _ in range(BATCH):
            line = self._file.readline() if self._file is not None else b""
            if not line and self._file is not None and self._rotated():
                line = self._file.readline()  # written between our look at its end and its rotation
                if not line:
                    self.close()
                    self._open()
            if not line:
                return
            self._rest += line
            if self._rest.endswith(b"\n"):
                row, self._rest = _row(self._instance, self._rest), b""
                if row is not None:
                    yield row

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()
            self._file = None
        self._rest = b""


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
