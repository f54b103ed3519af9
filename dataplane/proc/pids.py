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
    """Start time in clock ticks since boot (proc(5), field 22 of stat); 0 when there is no such process."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            text = file.read()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    # The name may hold spaces and parentheses: fields are counted from its closing one. State is the first (Z, X: dead).
    fields = text[text.rindex(b")") + 2 :].split()
    return 0 if fields[0] in {b"Z", b"X"} else int(fields[19])


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
