"""Descriptors between us and a command: pipes or a terminal, read and written from the event loop."""

from __future__ import annotations

import asyncio
import fcntl
import os
import struct
import termios
from collections.abc import Iterable

Three = tuple[int, int, int]


def pipes(stdin: bool) -> tuple[Three, Three]:
    """Ours and theirs of stdin (-1 and /dev/null unless wanted), stdout, stderr."""
    theirs_in, ours_in = os.pipe2(os.O_CLOEXEC) if stdin else (os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC), -1)
    ours_out, theirs_out = os.pipe2(os.O_CLOEXEC)
    ours_err, theirs_err = os.pipe2(os.O_CLOEXEC)
    for fd in (ours_in, ours_out, ours_err):
        if fd >= 0:
            os.set_blocking(fd, False)
    return (ours_in, ours_out, ours_err), (theirs_in, theirs_out, theirs_err)


def pair(size: tuple[int, int] | None) -> tuple[Three, Three]:
    """Ours and theirs of a fresh terminal of ``size`` (rows, columns), three times each."""
    ours, theirs = os.openpty()
    os.set_blocking(ours, False)
    if size is not None:
        resize(ours, *size)
    return (ours, ours, ours), (theirs, theirs, theirs)


def resize(fd: int, rows: int, columns: int) -> None:
    """Tell a terminal its size (ioctl_tty(2))."""
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("4H", rows, columns, 0, 0))


def close(fds: Iterable[int]) -> None:
    """Close each once; -1 is none."""
    for fd in {fd for fd in fds if fd >= 0}:
        os.close(fd)


async def read(fd: int, limit: int) -> bytes:
    """What comes next; empty at the end, which a terminal tells by EIO."""
    while True:
        try:
            return os.read(fd, limit)
        except BlockingIOError:
            await _ready(fd, writing=False)
        except OSError:
            return b""


async def write(fd: int, data: bytes) -> bool:
    """Write it all, however long the reader takes. False: nobody reads any more."""
    while data:
        try:
            data = data[os.write(fd, data) :]
        except BlockingIOError:
            await _ready(fd, writing=True)
        except OSError:
            return False
    return True


async def _ready(fd: int, *, writing: bool) -> None:
    loop, ready = asyncio.get_running_loop(), asyncio.Event()
    (loop.add_writer if writing else loop.add_reader)(fd, ready.set)
    try:
        await ready.wait()
    finally:
        (loop.remove_writer if writing else loop.remove_reader)(fd)
