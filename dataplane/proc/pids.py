"""A process told apart for good: its number and its start time, so that a recycled number is never taken for it."""

from __future__ import annotations

import json
import os
import select
import signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def start_time(pid: int | str) -> int:
    """Start time in clock ticks since boot (proc(5), field 22 of stat); 0 when there is no such process, or it is dead."""
    state, start = _stat(pid)
    return 0 if state in {b"Z", b"X"} else start


def _stat(pid: int | str) -> tuple[bytes, int]:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            text = file.read()
    except (FileNotFoundError, ProcessLookupError):
        return b"X", 0
    # The name may hold spaces and parentheses: fields are counted from its closing one. State is the first (Z, X: dead).
    fields = text[text.rindex(b")") + 2 :].split()
    return fields[0], int(fields[19])


def alive(pid: int, start: int) -> bool:
    """The process is still that one, and not a zombie."""
    return start != 0 and start_time(pid) == start


def open_pidfd(pid: int, start: int) -> int | None:
    """A pidfd of exactly that process, None when it is gone. The number cannot be recycled while the descriptor is open."""
    try:
        fd = os.pidfd_open(pid)
    except OSError:
        return None
    if alive(pid, start):
        return fd
    os.close(fd)
    return None


def ended(pidfd: int, wait: float) -> bool:
    """The process of ``pidfd`` has ended, or does within ``wait`` seconds."""
    poll = select.poll()
    poll.register(pidfd, select.POLLIN)
    return bool(poll.poll(wait * 1000))


def let_go(pid: int, start: int, wait: float) -> bool:
    """The process has ended, or does within ``wait`` seconds, and has let go of all that it had open: the last of its threads too,
    which may outlive the first, whose state is all that ``alive`` sees."""
    try:
        fd = os.pidfd_open(pid)
    except OSError:
        return True
    try:
        return _stat(pid)[1] != start or ended(fd, wait)
    finally:
        os.close(fd)


def kill(pid: int, start: int, *, number: int = signal.SIGKILL, wait: float = 5.0) -> bool:
    """Signal exactly that process and wait up to ``wait`` seconds for its end. True when it is gone."""
    fd = open_pidfd(pid, start)
    if fd is None:
        return True
    try:
        signal.pidfd_send_signal(fd, number)
        return ended(fd, wait)
    except ProcessLookupError:
        return True
    finally:
        os.close(fd)


def write_json(path: str, body: object) -> None:
    """Replace a small file at once: a reader sees the old or the new one, never half of one."""
    temporary = f"{path}.new"
    with open(temporary, "w", encoding="utf-8") as file:
        json.dump(body, file)
    os.replace(temporary, path)


def read_json(path: str) -> dict[str, Any] | None:
    """What ``write_json`` wrote; None when there is no such file or it is not an object."""
    try:
        with open(path, encoding="utf-8") as file:
            body = json.load(file)
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    return body if isinstance(body, dict) else None
