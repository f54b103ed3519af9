"""Reading what a container wrote, octet for octet, from the files that its shim keeps (``proc.log``)."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from dataplane.daemon.face import LogLine
from dataplane.proc.log import LINE

POLL = 0.05
BATCH = 256
NAME = "log.jsonl"
LONGEST = 8 * LINE
"""Octets of a line of the file: the text of a line with every octet escaped and in base 64."""


def parse(line: bytes) -> LogLine | None:
    """A line of the file; None for one that a full disk cut."""
    try:
        body = json.loads(line)
        text = base64.b64decode(body["octets"]) if "octets" in body else body["text"].encode()
        end = "" if body.get("partial") else body.get("end", "\n")
        return LogLine(body["time"], body["stream"], text + end.encode())
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


class Reader:
    """Where somebody is in one container's log. ``place``: its shim's folder."""

    def __init__(self, place: Path) -> None:
        self._path = place / NAME
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

    def history(self) -> Iterator[LogLine]:
        """What there is, the rotated file first."""
        old = self._path.with_name(f"{NAME}.1")
        try:
            with old.open("rb") as file:
                # Rotated between our look at the one and at the other: that one would come twice.
                if self._file is None or not os.path.samestat(os.fstat(file.fileno()), os.fstat(self._file.fileno())):
                    yield from filter(None, map(parse, file))
        except FileNotFoundError:
            pass
        while lines := self.take():
            yield from lines

    def take(self) -> list[LogLine]:
        """The next lines, BATCH at most."""
        if self._file is None:
            self._open()
        found: list[LogLine] = []
        while len(found) < BATCH and (line := self._line()):
            self._rest += line
            if self._rest.endswith(b"\n"):
                read, self._rest = parse(self._rest), b""
                if read is not None:
                    found.append(read)
        return found

    def _line(self) -> bytes:
        """The next line, or the beginning of one; empty: none now."""
        if self._file is None:
            return b""
        line = self._file.readline(LONGEST)
        if not line and self._rotated():
            line = self._file.readline(LONGEST)  # written between our look at its end and its rotation
            if not line:
                self.close()
                self._open()
                return self._file.readline(LONGEST) if self._file is not None else b""
        return line

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()
            self._file = None
        self._rest = b""


def up_to(place: Path, inode: int, size: int) -> Iterator[LogLine]:
    """What was in the log when its file was that one, and so large."""
    for path in (place / f"{NAME}.1", place / NAME):
        try:
            with path.open("rb") as file:
                ours = os.fstat(file.fileno()).st_ino == inode
                yield from filter(None, map(parse, _lines(file, size) if ours else file))
                if ours:
                    return
        except FileNotFoundError:
            continue


def _lines(file: BinaryIO, size: int) -> Iterator[bytes]:
    while size > 0 and (line := file.readline()):
        size -= len(line)
        yield line


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
    reader = Reader(place)
    try:
        history = chosen(reader.history(), since, until)
        if tail is not None:
            history = iter(await asyncio.to_thread(last, history, tail))
        for number, line in enumerate(history):
            yield line
            if number % BATCH == 0:
                await asyncio.sleep(0)  # a long log is not all that there is to do
        while follow:
            last_look = ended()
            lines = reader.take()
            for line in lines:
                if until and line.time > until:
                    return
                if since <= line.time:
                    yield line
            if not lines:
                if last_look or (until and time.time_ns() > until):
                    return
                await asyncio.sleep(POLL)
    finally:
        reader.close()
