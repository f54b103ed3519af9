"""The few Linux calls that Python 3.11 lacks: setns, unshare, mount, umount2, prctl. Each raises OSError with the kernel's errno.

Sources: setns(2), unshare(2), mount(2), umount(2), prctl(2), ioctl_ns(2).
"""

from __future__ import annotations

import ctypes
import os

CLONE_NEWNS = 0x0002_0000
CLONE_NEWUTS = 0x0400_0000
CLONE_NEWUSER = 0x1000_0000
CLONE_NEWPID = 0x2000_0000
CLONE_NEWNET = 0x4000_0000

MS_RDONLY = 0x1
MS_NOSUID = 0x2
MS_NODEV = 0x4
MS_NOEXEC = 0x8
MS_REMOUNT = 0x20
MS_BIND = 0x1000
MS_REC = 0x4000
MS_SLAVE = 0x8_0000
MS_SHARED = 0x10_0000
MNT_DETACH = 0x2

NS_GET_NSTYPE = 0xB703

_PR_SET_DUMPABLE = 4
_PR_SET_CHILD_SUBREAPER = 36

_libc = ctypes.CDLL(None, use_errno=True)
_libc.mount.argtypes = (ctypes.c_char_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_ulong, ctypes.c_char_p)
_libc.umount2.argtypes = (ctypes.c_char_p, ctypes.c_int)
_libc.prctl.argtypes = (ctypes.c_int, *[ctypes.c_ulong] * 4)


def _check(result: int, path: str | None = None) -> None:
    if result != 0:
        errno = ctypes.get_errno()
        raise OSError(errno, os.strerror(errno), path)


def setns(fd: int, kind: int) -> None:
    """Enter the namespace that ``fd`` refers to; ``kind`` is its CLONE_NEW… value."""
    _check(_libc.setns(fd, kind))


def unshare(kinds: int) -> None:
    """Leave the named namespaces for fresh ones. CLONE_NEWPID counts for children only."""
    _check(_libc.unshare(kinds))


def mount(source: str, target: str, kind: str = "", flags: int = 0, data: str = "") -> None:
    """Mount ``source`` on ``target``; ``data``: options of the file system itself."""
    _check(_libc.mount(os.fsencode(source), os.fsencode(target), kind.encode(), flags, data.encode() or None), target)


def unmount(target: str, flags: int = 0) -> None:
    """Unmount what is on top of ``target``."""
    _check(_libc.umount2(os.fsencode(target), flags), target)


def set_name(name: str) -> None:
    """Name this process as ``ps -o comm`` shows it; the kernel keeps 15 octets (proc(5), comm)."""
    with open("/proc/self/comm", "w", encoding="utf-8") as file:
        file.write(name)


def become_subreaper() -> None:
    """Orphaned descendants become children of this process, which can then reap them."""
    _check(_libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0))


def become_dumpable() -> None:
    """The files of /proc/self belong to the process's user again, as they do after exec (PR_SET_DUMPABLE)."""
    _check(_libc.prctl(_PR_SET_DUMPABLE, 1, 0, 0, 0))
