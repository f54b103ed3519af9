"""The log of a service: one JSON object a line, ``{"time": ns since 1970, "stream": "stdout", "text": "…"}``, bounded.

A line longer than ``LINE`` octets is cut in parts, all but its last marked ``"partial": true``. When the file has ``limit`` octets
it becomes ``….1``, in place of the one before.
"""

from __future__ import annotations

import json
import os
import time

LINE = 16 * 1024
LIMIT = 8 * 1024 * 1024


class Log:
    """Appends to one file. A full disk loses lines, never the service."""

    def __init__(self, path: str, limit: int = LIMIT) -> None:
        self._path, self._limit = path, limit
        self._open_lines: dict[str, bytes] = {}
        self._open()

    def _open(self) -> None:
        self._fd = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        self._size = os.fstat(self._fd).st_size

    def write(self, stream: str, data: bytes) -> None:
        """Take what the service wrote; whole lines go to the file, the rest waits for its end."""
        now = time.time_ns()
        *lines, rest = (self._open_lines.pop(stream, b"") + data).split(b"\n")
        for line in lines:
            self._line(now, stream, line.removesuffix(b"\r"))
        while len(rest) > LINE:
            self._record(now, stream, rest[:LINE], partial=True)
            rest = rest[LINE:]
        if rest:
            self._open_lines[stream] = rest

    def close(self) -> None:
        """Write the lines that never ended, and close."""
        now = time.time_ns()
        for stream, rest in self._open_lines.items():
            self._line(now, stream, rest)
        os.close(self._fd)

    def _line(self, now: int, stream: str, line: bytes) -> None:
        while len(line) > LINE:
            self._record(now, stream, line[:LINE], partial=True)
            line = line[LINE:]
        self._record(now, stream, line, partial=False)

    def _record(self, now: int, stream: str, text: bytes, *, partial: bool) -> None:
        body = {"time": now, "stream": stream, "text": text.decode("utf-8", "replace")}
        if partial:
            body["partial"] = True
        data = json.dumps(body, ensure_ascii=False).encode() + b"\n"
        try:
            if self._size + len(data) > self._limit:
                os.close(self._fd)
                os.replace(self._path, f"{self._path}.1")
                self._open()
            self._size += os.write(self._fd, data)
        except OSError:
            return
