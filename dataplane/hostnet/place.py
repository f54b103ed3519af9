"""The network namespace whose host a lab's uplink makes use of: this process's own, or one that the file names.

Work inside is done by a thread that has entered it: setns(2) for a network namespace binds the calling thread alone, so the
others stay where they are. A program that it starts, sockets that it opens and /proc/sys are the namespace's too.
"""

from __future__ import annotations

import os
import threading
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
        return os.stat(path or OWN).st_ino
    except OSError as error:
        raise UserError(f"the namespace cannot be opened: {error.strerror}", where=str(path), status=1) from None


def find(inode: int) -> str | None:
    """A path of the living namespace with that inode; None when it has ended."""
    for path in _candidates():
        with suppress(OSError):
            if os.stat(path).st_ino == inode:
                return path
    return None


def _candidates() -> Iterator[str]:
    yield OWN
    with suppress(OSError):
        yield from (str(entry) for entry in Path(FOLDER).iterdir())
    yield from (f"/proc/{name}/ns/net" for name in os.listdir("/proc") if name.isdecimal())
