"""Reading the log that a shim writes (``proc.log``), line by line and over its rotations, while it is written."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from dataplane.proc.log import LINE

NAME = "log.jsonl"
BATCH = 256
LONGEST = 8 * LINE
"""Octets of a line of the file: the text of a line with every octet escaped and in base 64."""


class LogFile:
    """Where somebody is in one log. ``place``: its shim's folder. Lines are octets of JSON; one may be cut by a full disk."""

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

    def history(self) -> Iterator[bytes]:
        """What there is, the rotated file first."""
        try:
            with self._path.with_name(f"{NAME}.1").open("rb") as file:
                # Rotated between our look at the one and at the other: that one would come twice.
                if self._file is None or not os.path.samestat(os.fstat(file.fileno()), os.fstat(self._file.fileno())):
                    yield from file
        except FileNotFoundError:
            pass
        while lines := self.take():
            yield from lines

    def take(self) -> list[bytes]:
        """The next lines, BATCH at most."""
        if self._file is None:
            self._open()
        found: list[bytes] = []
        while len(found) < BATCH and (piece := self._piece()):
            self._rest += piece
            if self._rest.endswith(b"\n"):
                found.append(self._rest)
                self._rest = b""
        return found

    def _piece(self) -> bytes:
        """The next line, or the beginning of one; empty: none now."""
        if self._file is None:
            return b""
        piece = self._file.readline(LONGEST)
        if not piece and self._rotated():
            piece = self._file.readline(LONGEST)  # written between our look at its end and its rotation
            if not piece:
                self.close()
                self._open()
                return self._file.readline(LONGEST) if self._file is not None else b""
        return piece

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()
            self._file = None
        self._rest = b""


def up_to(place: Path, inode: int, size: int) -> Iterator[bytes]:
    """What was in the log when its file was that one, and so large."""
    for path in (place / f"{NAME}.1", place / NAME):
        try:
            with path.open("rb") as file:
                ours = os.fstat(file.fileno()).st_ino == inode
                yield from _lines(file, size) if ours else file
                if ours:
                    return
        except FileNotFoundError:
            continue


def _lines(file: BinaryIO, size: int) -> Iterator[bytes]:
    while size > 0 and (line := file.readline()):
        size -= len(line)
        yield line
