"""The network namespace whose host a lab's uplink makes use of: this process's own, or one that the file names.

Work inside is done by a thread that has entered it: setns(2) for a network namespace binds the calling thread alone, so the
others stay where they are. A program that it starts, sockets that it opens and /proc/sys are the namespace's too.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from dataplane.errors import UserError
from dataplane.proc import kernel
from dataplane.proc.mounts import FOLDER

_T = TypeVar("_T")
OWN = "/proc/self/ns/net"


def inside(path: str | None, work: Callable[[], _T]) -> _T:
    """What ``work`` returns or raises, done in the namespace at ``path``; None: in the caller's."""
    if path is None:
        return work()
    results: list[_T] = []
    errors: list[BaseException] = []

    def enter() -> None:
        try:
            fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            try:
                kernel.setns(fd, kernel.CLONE_NEWNET)
            finally:
                os.close(fd)
            results.append(work())
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=enter, name="inside a namespace")
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
    return results[0]


def inode_of(path: str | None) -> int:
    """What tells a namespace apart while it lives. UserError when there is none."""
    try:
        return Path(path or OWN).stat().st_ino
    except OSError as error:
        raise UserError(f"the namespace cannot be opened: {error.strerror}", where=str(path), status=1) from None


def find(inode: int) -> str | None:
    """A path of the living namespace with that inode; None when it has ended."""
    for path in _candidates():
        with suppress(OSError):
            if Path(path).stat().st_ino == inode:
                return path
    return None


def _candidates() -> Iterator[str]:
    yield OWN
    with suppress(OSError):
        yield from (str(entry) for entry in Path(FOLDER).iterdir())
    yield from (f"{entry}/ns/net" for entry in Path("/proc").iterdir() if entry.name.isdecimal())


def lock(path: str | None, patience: float = 10.0) -> socket.socket | None:
    """Be the only lab that chooses subnets in a namespace, until the socket is closed. None: another has not let go in time.

    An abstract socket address (unix(7)) belongs to its network namespace and ends with its socket: nothing is left of it.
    """
    held = inside(path, lambda: socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC))
    deadline = time.monotonic() + patience
    while True:
        try:
            held.bind("\0dataplane-host")
        except OSError:
            if time.monotonic() > deadline:
                held.close()
                return None
            time.sleep(0.02)
        else:
            return held
