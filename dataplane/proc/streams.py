"""The standard streams of a service's command: two pipes and perhaps a third, or one terminal. What comes goes to the log."""

from __future__ import annotations

import fcntl
import os
import struct
import termios
from collections.abc import Callable
from contextlib import suppress

from dataplane.proc.log import Log
from dataplane.proc.loop import WRITE, Loop
from dataplane.proc.users import Credentials

CHUNK = 16 * 1024
PENDING = 64 * 1024
STDIN, STDOUT, STDERR = 0, 1, 2
_NAMES = {STDOUT: "stdout", STDERR: "stderr"}


class Streams:
    """Reads what the command writes, holds at most ``PENDING`` octets (and one message) of what it has not read yet."""

    def __init__(self, loop: Loop, log: Log, show: Callable[[int, bytes], None]) -> None:
        self._loop, self._log, self._show = loop, log, show
        self._outputs: dict[int, int] = {}
        self._sink = -1
        self._terminal = -1
        self._pending = b""
        self._ending = False
        self._waiting: list[int] = []
        self._held: set[int] = set()

    def open(self, tty: bool, stdin_open: bool, user: Credentials) -> tuple[int, int, int]:
        """The command's ends of its streams, for the caller to close after the fork."""
        if tty:
            self._terminal, theirs = os.openpty()
            if not user.keep:
                os.fchown(theirs, user.uid, -1)
            self._sink = os.dup(self._terminal)
            self._watch(self._terminal, STDOUT)
            os.set_blocking(self._sink, False)
            return theirs, theirs, theirs
        if stdin_open:
            theirs, self._sink = os.pipe()
            os.set_blocking(self._sink, False)
        else:
            theirs = os.open("/dev/null", os.O_RDONLY | os.O_CLOEXEC)
        out, out_theirs = os.pipe()
        err, err_theirs = os.pipe()
        self._watch(out, STDOUT)
        self._watch(err, STDERR)
        return theirs, out_theirs, err_theirs

    def _watch(self, fd: int, stream: int) -> None:
        os.set_blocking(fd, False)
        self._outputs[fd] = stream
        self._loop.add(fd, lambda: self._read(fd))

    def _read(self, fd: int) -> bool:
        """Take one chunk. False when there is none now, or none ever again."""
        try:
            data = os.read(fd, CHUNK)
        except BlockingIOError:
            return False
        except OSError:  # EIO: the last process has closed the terminal
            data = b""
        stream = self._outputs[fd]
        if not data:
            self._loop.remove(fd)
            del self._outputs[fd]
            os.close(fd)
            return False
        self._log.write(_NAMES[stream], data)
        self._show(stream, data)
        return True

    def hold(self, client: int) -> None:
        """Leave what the command writes in its pipes, until ``release`` of all that hold: ``client`` has not taken the last yet."""
        self._held.add(client)
        for fd in self._outputs:
            self._loop.pause(fd)

    def release(self, client: int) -> None:
        """``client`` is up to date, or gone."""
        self._held.discard(client)
        if not self._held:
            for fd in self._outputs:
                self._loop.resume(fd)

    def written(self) -> tuple[tuple[int, int], list[tuple[int, bytes]]]:
        """Where the log is (see ``Log.place``), and what it does not have yet: beginnings of lines, by stream."""
        numbers = {name: number for number, name in _NAMES.items()}
        return self._log.place(), [(numbers[name], text) for name, text in self._log.begun()]

    def drain(self) -> None:
        """The command has ended: take what it left in its streams (a bounded amount: others may still write), close the log."""
        for fd in list(self._outputs):
            for _ in range(1024 * 1024 // CHUNK):
                if not self._read(fd):
                    break
        self._log.close()

    def feed(self, data: bytes, client: int) -> None:
        """Input for the command; empty: its end. ``client`` is not read again until there is room."""
        if self._sink < 0:
            return
        self._ending = self._ending or not data
        self._pending += data or (b"\x04" if self._terminal >= 0 else b"")
        self._write()
        if len(self._pending) >= PENDING:
            self._loop.pause(client)
            self._waiting.append(client)

    def _write(self) -> None:
        try:
            self._pending = self._pending[os.write(self._sink, self._pending) :]
        except BlockingIOError:
            pass
        except OSError:  # nobody reads any more
            self._pending, self._ending = b"", True
        self._loop.remove(self._sink)
        if self._pending:
            self._loop.add(self._sink, self._write, WRITE)
            return
        for client in self._waiting:
            self._loop.resume(client)
        self._waiting.clear()
        if self._ending and self._terminal < 0:
            os.close(self._sink)
            self._sink = -1

    def resize(self, rows: int, columns: int) -> None:
        """Tell the terminal its size (ioctl_tty(2)); its foreground processes get SIGWINCH."""
        if self._terminal >= 0:
            with suppress(OSError):
                fcntl.ioctl(self._terminal, termios.TIOCSWINSZ, struct.pack("4H", rows, columns, 0, 0))
