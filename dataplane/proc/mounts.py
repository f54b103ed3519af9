"""The folder /run/netns, shared with ``ip netns``: a name there is a file with a network namespace bound on it.

As ``ip netns`` does, the folder is first made a shared mount point, so that a namespace unmounted in one mount namespace
is unmounted in all. If we made it one we undo that when the last name of the last lab is gone; the file ``.netns`` in
the base of the state folders remembers it.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from dataplane.errors import UserError
from dataplane.proc import kernel

FOLDER = "/run/netns"
_MARKER = ".netns"


@contextmanager
def _locked(base: str) -> Iterator[None]:
    fd = os.open(base, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)


def _is_mount_point() -> bool:
    with open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as file:
        return any(line.split()[4] == FOLDER for line in file)


def _prepare(base: str) -> None:
    made = not os.path.isdir(FOLDER)
    if not made and _is_mount_point():
        kernel.mount("", FOLDER, flags=kernel.MS_SHARED | kernel.MS_REC)
        return
    with open(os.path.join(base, _MARKER), "w", encoding="utf-8") as file:
        file.write("made" if made else "")
    if made:
        os.makedirs(FOLDER, exist_ok=True)
        os.chmod(FOLDER, 0o755)  # as `ip netns` makes it, whatever our umask
    kernel.mount(FOLDER, FOLDER, flags=kernel.MS_BIND | kernel.MS_REC)
    kernel.mount("", FOLDER, flags=kernel.MS_SHARED | kernel.MS_REC)


def path_of(name: str) -> str:
    """Where a namespace of this full name is bound."""
    return os.path.join(FOLDER, name)


def exists(name: str) -> bool:
    """The name is taken, by us or by somebody else."""
    return os.path.lexists(path_of(name))


def bind(base: str, name: str) -> None:
    """Bind the caller's network namespace to ``name``. UserError when the name is taken."""
    path = path_of(name)
    with _locked(base):
        _prepare(base)
        try:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDONLY | os.O_CLOEXEC, 0o444))
        except FileExistsError:
            raise UserError(
                f"a network namespace named {name} exists already",
                where=path,
                mend="rename the lab or the service, or remove it: ip netns delete " + name,
                status=1,
            ) from None
        try:
            kernel.mount("/proc/self/ns/net", path, flags=kernel.MS_BIND)
        except OSError:
            os.unlink(path)
            raise


def unbind(name: str, inode: int) -> None:
    """Remove ``name`` if it is the namespace ``inode``, or a file that nothing was bound on yet. Nothing else is touched."""
    path = path_of(name)
    with suppress(FileNotFoundError):
        found = os.stat(path)
        if found.st_dev != os.stat(FOLDER).st_dev:
            if found.st_ino != inode:
                return
            kernel.unmount(path, kernel.MNT_DETACH)
        os.unlink(path)


def release(base: str, others: Callable[[], bool]) -> None:
    """Undo what was done to /run/netns. ``others``: other labs of ours exist, so that their names may come; asked under the lock
    that ``bind`` takes, or one that begins just now would lose the mount that it relies on."""
    marker = os.path.join(base, _MARKER)
    with suppress(FileNotFoundError), _locked(base):
        with open(marker, encoding="utf-8") as file:
            made = file.read() == "made"
        if others():
            return
        if os.path.isdir(FOLDER) and not os.listdir(FOLDER):
            if _is_mount_point():
                kernel.unmount(FOLDER)
            if made and not os.listdir(FOLDER):
                os.rmdir(FOLDER)
        # Names that are not ours need the mount from now on: it is theirs.
        os.unlink(marker)
