"""The log of a service: one JSON object a line, ``{"time": ns since 1970, "stream": "stdout", "text": "…"}``, bounded.

A line longer than ``LINE`` octets is cut in parts, all but its last marked ``"partial": true``. A file that would pass ``limit``
octets becomes ``….1``, in place of the one before.
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
        *lines, rest = (self._open_lines.pop(stream, b"") + data).split(b"\n")
        cut = len(rest) - len(rest) % LINE if len(rest) > LINE else 0
        self._append(stream, [line.removesuffix(b"\r") for line in lines], rest[:cut])
        if rest[cut:]:
            self._open_lines[stream] = rest[cut:]

    def close(self) -> None:
        """Write the lines that never ended, and close."""
        for stream, rest in self._open_lines.items():
            self._append(stream, [rest], b"")
        os.close(self._fd)

    def _append(self, stream: str, lines: list[bytes], begun: bytes) -> None:
        """Whole lines, and the beginning of one, in one write."""
        head = f'{{"time": {time.time_ns()}, "stream": "{stream}", "text": '
        records: list[str] = []
        for line in lines:
            *parts, last = _cut(line)
            records += [_record(head, part, ', "partial": true') for part in parts]
            records.append(_record(head, last, ""))
        if begun:
            records += [_record(head, part, ', "partial": true') for part in _cut(begun)]
        if records:
            self._put("".join(records).encode())

    def _put(self, data: bytes) -> None:
        try:
            if self._size + len(data) > self._limit:
                os.replace(self._path, f"{self._path}.1")
                full = self._fd
                self._open()
                os.close(full)
            self._size += os.write(self._fd, data)
        except OSError:
            return


def _record(head: str, text: bytes, tail: str) -> str:
    return f"{head}{json.dumps(text.decode('utf-8', 'replace'))}{tail}}}\n"


def _cut(line: bytes) -> list[bytes]:
    return [line[at : at + LINE] for at in range(0, len(line), LINE)] or [b""]
