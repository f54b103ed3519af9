"""Run a command in a service from this terminal: its streams are ours, or a terminal of its own behind ours; signals go through."""

from __future__ import annotations

import os
import select
import signal
import sys
import termios
import tty as raw_mode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from dataplane.model import EMPTY
from dataplane.proc.execution import Execution
from dataplane.proc.instance import Instance

FORWARDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


def run_here(
    instance: Instance,
    argv: Sequence[str],
    *,
    tty: bool,
    env: Mapping[str, str] = EMPTY,
    working_dir: str | None = None,
    user: str | None = None,
) -> int:
    """Run ``argv`` in the service and wait: its exit status. ``tty``: give it a terminal, sized like ours and following it.

    From the main thread only (it takes over signal handlers meanwhile). UserError with status 126 or 127 when it does not start.
    """
    if not tty:
        execution = instance.exec(argv, (0, 1, 2), env=env, working_dir=working_dir, user=user)
        with _forwarding(execution):
            return _status(execution)
    ours, theirs = os.openpty()
    try:
        _copy_size(ours)
        try:
            execution = instance.exec(argv, (theirs, theirs, theirs), env=env, working_dir=working_dir, user=user, tty=True)
        finally:
            os.close(theirs)
        with _forwarding(execution), _raw(), _following_size(ours):
            _shuttle(ours, execution)
        return _status(execution)
    finally:
        os.close(ours)


def _status(execution: Execution) -> int:
    code = execution.wait()
    execution.close()
    return 137 if code is None else code


def _shuttle(terminal: int, execution: Execution) -> None:
    """Copy both ways until the command has ended and its last words are shown."""
    poll = select.poll()
    poll.register(terminal, select.POLLIN)
    poll.register(execution.fileno(), select.POLLIN)
    poll.register(0, select.POLLIN)
    ended = False
    while True:
        ready = {fd for fd, _events in poll.poll(0 if ended else None)}
        if terminal in ready:
            try:
                data = os.read(terminal, 65536)
            except OSError:  # EIO: nothing has the terminal open any more
                return
            _write(1, data)
        elif ended:
            return
        if 0 in ready:
            typed = os.read(0, 4096)
            if typed:
                _write(terminal, typed)
            else:
                poll.unregister(0)
                _write(terminal, b"\x04")
        if execution.fileno() in ready:
            ended = True
            poll.unregister(execution.fileno())


def _write(fd: int, data: bytes) -> None:
    while data:
        data = data[os.write(fd, data) :]


def _copy_size(terminal: int) -> None:
    with suppress(termios.error):
        termios.tcsetwinsize(terminal, termios.tcgetwinsize(0))


@contextmanager
def _handling(handlers: Mapping[signal.Signals, Any]) -> Iterator[None]:
    before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _forwarding(execution: Execution) -> Iterator[None]:
    def forward(number: int, _frame: object) -> None:
        with suppress(OSError):
            execution.signal(number)

    with _handling(dict.fromkeys(FORWARDED, forward)):
        yield


@contextmanager
def _following_size(terminal: int) -> Iterator[None]:
    with _handling({signal.SIGWINCH: lambda _number, _frame: _copy_size(terminal)}):
        yield


@contextmanager
def _raw() -> Iterator[None]:
    if not sys.stdin.isatty():
        yield
        return
    before = termios.tcgetattr(0)
    try:
        raw_mode.setraw(0)
        yield
    finally:
        termios.tcsetattr(0, termios.TCSADRAIN, before)
