"""What a user wants over the host's files in a service, mounted in the mount namespace that the caller is in.

A mount is ``[target, source, options, read_only, make]``, as ``dataplane.mounts.Mount`` has them; outer folders come first. Sources
are what the host has at those paths, whatever is mounted over them: they are opened before anything is. (A bind takes along what is
mounted in its source by then: of / and /proc the service's own /proc.)
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from dataplane.errors import UserError
from dataplane.proc import kernel

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Opened = tuple[Sequence[Any], int]
    """A mount, and its source; -1: memory."""

_FLAGS = {"nosuid": kernel.MS_NOSUID, "nodev": kernel.MS_NODEV, "noexec": kernel.MS_NOEXEC, "ro": kernel.MS_RDONLY}
_UNFLAGS = {"suid": "nosuid", "dev": "nodev", "exec": "noexec", "rw": "ro"}


def open_all(wanted: Iterable[Sequence[Any]]) -> list[Opened]:
    """Sources that are not there are made where that is wished. UserError names the first that cannot be had."""
    found = []
    for one in wanted:
        target, source, _options, _read_only, make = one
        with _explained(source, target):
            if make and not os.path.lexists(source):
                _make(source)
            found.append((one, os.open(source, os.O_PATH | os.O_CLOEXEC) if source else -1))
    return found


def mount_all(wanted: Iterable[Opened]) -> None:
    """All of them, in order; what is open is closed. UserError names the first that cannot be."""
    for (target, source, options, read_only, _make), fd in wanted:
        with _explained(source, target):
            if fd < 0:
                _tmpfs(target, options, read_only)
            else:
                _bind(f"/proc/self/fd/{fd}", target, read_only)
                os.close(fd)


def _make(folder: str) -> None:
    """Open to others, as Docker makes it: the service may be another user."""
    before = os.umask(0o022)
    try:
        os.makedirs(folder)
    finally:
        os.umask(before)


@contextmanager
def _explained(source: str, target: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        what = f'error mounting "{source or "tmpfs"}" to rootfs at "{target}": {(error.strerror or "").lower()}'
        raise UserError(what, mend=_mend(source, target, error), status=1) from None


def _mend(source: str, target: str, error: OSError) -> str:
    if error.errno in {errno.EPERM, errno.EACCES} and _of_ordinary_user():
        return "an ordinary user's services mount what that user may reach, where they may: give access, or run as root"
    if not source and error.errno == errno.EINVAL:
        one_user = "; an ordinary user's services know uid=0 and gid=0 alone" if _of_ordinary_user() else ""
        return f"see its options in tmpfs(5){one_user}"
    if source and not os.path.exists(source):
        return f"there is no {source} on this host"
    if not os.path.exists(target):
        return f"a container has the host's files, and there is no {target} to mount on: make it"
    if source and os.path.isdir(source) != os.path.isdir(target):
        return "mount a file on a file, a folder on a folder"
    return "see mount(2)"


def _of_ordinary_user() -> bool:
    """This user namespace is not the machine's own, so that not every number is in it."""
    with open("/proc/self/uid_map", encoding="ascii") as file:
        return file.read().split() != ["0", "0", str(2**32 - 1)]


def _bind(source: str, target: str, read_only: bool) -> None:
    kernel.mount(source, target, flags=kernel.MS_BIND | kernel.MS_REC)
    if read_only:
        # What a user namespace found set may not be taken away: it is said again.
        kept = os.statvfs(target).f_flag & (kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC)
        kernel.mount("", target, flags=kernel.MS_BIND | kernel.MS_REMOUNT | kernel.MS_RDONLY | kept)


def _tmpfs(target: str, options: Sequence[str], read_only: bool) -> None:
    """Of two that contradict each other the later counts."""
    flags, data = set[str](), []
    for one in options:
        if one in _FLAGS:
            flags.add(one)
        elif one in _UNFLAGS:
            flags.discard(_UNFLAGS[one])
        else:
            data.append(one)
    if read_only:
        flags.add("ro")
    kernel.mount("tmpfs", target, "tmpfs", sum(_FLAGS[one] for one in flags), ",".join(data))
