"""This side's terminal while a process uses it: raw, and its size told."""

from __future__ import annotations

import os
import signal
import termios
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from dataplane.errors import UserError


def size(fd: int | None) -> tuple[int, int] | None:
    """Rows and columns; None where it is no terminal."""
    with suppress(OSError):
        if fd is not None:
            found = os.get_terminal_size(fd)
            return found.lines, found.columns
    return None


@contextmanager
def raw(fd: int | None) -> Iterator[None]:
    """The terminal passes every key on, Ctrl-C included."""
    if fd is None or not os.isatty(fd):
        yield
        return
    before = termios.tcgetattr(fd)
    tty.setraw(fd, termios.TCSADRAIN)  # what was typed already is not thrown away
    try:
        yield
    finally:
        termios.tcsetattr(fd, termios.TCSADRAIN, before)


@contextmanager
def resizing(fd: int | None, tell: Callable[[int, int], None]) -> Iterator[None]:
    """``tell`` rows and columns whenever the terminal changes its size."""
    if fd is None or not os.isatty(fd):
        yield
        return

    def changed(_number: int, _frame: object) -> None:
        found = size(fd)
        if found is not None:
            with suppress(UserError):
                tell(*found)

    before = signal.signal(signal.SIGWINCH, changed)
    try:
        yield
    finally:
        signal.signal(signal.SIGWINCH, before)
