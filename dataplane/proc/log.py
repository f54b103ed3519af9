"""The log of a service: one JSON object a line, ``{"time": ns since 1970, "stream": "stdout", "text": "…"}``, bounded.

A line longer than ``LINE`` octets is cut in parts, all but its last marked ``"partial": true``. ``"end"`` says how a line ended
where that was no line feed: carriage return and line feed, or "" of one that never ended. ``"octets"`` are those of a text that
is no UTF-8, in base 64. So nothing is lost that was written. A file that would pass ``limit`` octets becomes ``….1``, in place
of the one before.
"""

from __future__ import annotations

import binascii
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
        self._append(stream, lines, rest[:cut])
        if rest[cut:]:
            self._open_lines[stream] = rest[cut:]

    def place(self) -> tuple[int, int]:
        """Where the next line goes: the file's inode number, and its size."""
        return os.fstat(self._fd).st_ino, self._size

    def begun(self) -> list[tuple[str, bytes]]:
        """What was written of lines that have not ended, by stream."""
        return list(self._open_lines.items())

    def close(self) -> None:
        """Write the lines that never ended, and close."""
        for stream, rest in self._open_lines.items():
            head = _head(stream)
            self._put("".join(_records(head, rest, "")).encode())
        os.close(self._fd)

    def _append(self, stream: str, lines: list[bytes], begun: bytes) -> None:
        """Whole lines, and the beginning of one, in one write."""
        head = _head(stream)
        records: list[str] = []
        for line in lines:
            records += _records(head, line[:-1], "\r\n") if line.endswith(b"\r") else _records(head, line, "\n")
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


def _head(stream: str) -> str:
    return f'{{"time": {time.time_ns()}, "stream": "{stream}", "text": '


def _records(head: str, line: bytes, end: str) -> list[str]:
    *parts, last = _cut(line)
    tail = "" if end == "\n" else f', "end": {json.dumps(end)}'
    return [*(_record(head, part, ', "partial": true') for part in parts), _record(head, last, tail)]


def _record(head: str, octets: bytes, tail: str) -> str:
    text = octets.decode("utf-8", "replace")
    if "\ufffd" in text and text.encode() != octets:
        tail += f', "octets": "{binascii.b2a_base64(octets, newline=False).decode()}"'
    return f"{head}{json.dumps(text)}{tail}}}\n"


def _cut(line: bytes) -> list[bytes]:
    return [line[at : at + LINE] for at in range(0, len(line), LINE)] or [b""]
