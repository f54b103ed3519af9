"""The socket that the API is on: one daemon's at a time, for its owner and the owner's group."""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import stat
from contextlib import suppress
from pathlib import Path

from dataplane.errors import UserError

MODE = 0o660
LONGEST = 107
"""Octets of an address, without the zero behind it."""
BACKLOG = 4096
"""As the kernel has it at most: who finds it full is refused, where its client does not wait (Go's, Python's with a timeout)."""


class Listening:
    """A listening socket, its path, and the lock that says whose it is."""

    def __init__(self, path: Path) -> None:
        """Begin. UserError when another daemon has the path, or what lies there is no socket."""
        self.path = path.absolute()
        self._folder = _open_folder(self.path)
        try:
            self._lock = _locked(self.path, self._folder)
        except BaseException:
            os.close(self._folder)
            raise
        try:
            self.socket = self._bound()
        except BaseException:
            self._let_go()
            raise

    @property
    def _reached(self) -> str:
        """By a descriptor of its folder: the path itself may be longer than an address can be."""
        return f"/proc/self/fd/{self._folder}/{self.path.name}"

    def _bound(self) -> socket.socket:
        _require_socket(self.path, self._reached)
        with suppress(FileNotFoundError):
            if _answers(self._reached):
                raise _taken(self.path)
            os.unlink(self._reached)  # noqa: PTH108
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            os.fchmod(listener.fileno(), MODE)  # from its first moment on nobody else may
            listener.bind(self._reached)
            os.chmod(self._reached, MODE)  # noqa: PTH101 the umask may have taken more away
            listener.listen(BACKLOG)
        except OSError as error:
            listener.close()
            raise UserError(f"{self.path}: {error.strerror}", mend="choose another with --socket", status=1) from None
        listener.setblocking(False)
        self._made = os.lstat(self._reached)
        return listener

    def close(self) -> None:
        """Take the path away, if it is ours still."""
        with suppress(OSError):
            if os.path.samestat(os.lstat(self._reached), self._made):
                os.unlink(self._reached)  # noqa: PTH108
        self.socket.close()
        self._let_go()

    def _let_go(self) -> None:
        with suppress(OSError):
            os.unlink(_lock_name(self.path), dir_fd=self._folder)
        os.close(self._lock)
        os.close(self._folder)


def _require_socket(path: Path, reached: str) -> None:
    """UserError where no socket can be there: its name is too long for an address (unix(7)), or it is something else."""
    if len(os.fsencode(reached)) > LONGEST:
        raise UserError(
            f"the name of the socket is too long: {path.name[:64]}…", mend="choose a shorter one with --socket", status=1
        )
    with suppress(FileNotFoundError):
        if not stat.S_ISSOCK(os.lstat(reached).st_mode):
            raise UserError(f"{path} is there and is no socket", mend="choose another with --socket", status=1)


def require_free(path: Path) -> None:
    """UserError where a daemon answers there, or none could: known before anything is made, not only by a Listening."""
    folder = _open_folder(path.absolute())
    try:
        _require_socket(path, f"/proc/self/fd/{folder}/{path.name}")
        if _answers(f"/proc/self/fd/{folder}/{path.name}"):
            raise _taken(path)
    finally:
        os.close(folder)


def _lock_name(path: Path) -> str:
    return f".{path.name}.lock"


def _open_folder(path: Path) -> int:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise UserError(f"{path.parent}: {error.strerror}", mend="choose another with --socket", status=1) from None


def _locked(path: Path, folder: int) -> int:
    """An open file that is locked, and is still the one of that name."""
    name = _lock_name(path)
    while True:
        try:
            lock = os.open(name, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=folder)
        except OSError as error:
            raise UserError(f"{path.parent / name}: {error.strerror}", mend="choose another with --socket", status=1) from None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.samestat(os.fstat(lock), os.stat(name, dir_fd=folder, follow_symlinks=False)):
                return lock
        except OSError as error:
            os.close(lock)
            if error.errno == errno.EWOULDBLOCK:
                raise _taken(path) from None
            if error.errno != errno.ENOENT:
                raise
            continue
        os.close(lock)


def _taken(path: Path) -> UserError:
    return UserError(f"another daemon answers at {path}", mend="stop it, or choose another socket with --socket", status=1)


def _answers(path: str) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as trial:
        trial.settimeout(2.0)
        try:
            trial.connect(path)
        except (ConnectionRefusedError, FileNotFoundError):
            return False
        except OSError:
            return True  # it is there, and busy
    return True
