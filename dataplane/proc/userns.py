"""The user and mount namespace of an ordinary user's helper: a fresh one, or that of the shims which an earlier helper has left.

Network namespaces belong to the user namespace in which they were made (user_namespaces(7), "Interaction of user namespaces and
other types of namespaces"): nobody outside can open a TAP in them, or make another process enter them. Who has made a user
namespace may enter it from its parent as long as any process is in it.
"""

from __future__ import annotations

import errno
import os
from contextlib import suppress

from dataplane.errors import UserError
from dataplane.proc import kernel, pids

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


def enter_user_namespace(folder: str) -> None:
    """Be uid and gid 0 there, which are the caller's here. ``folder``: in whose ``instances`` shims may have been left."""
    if _joined(folder):
        return
    uid, gid = os.geteuid(), os.getegid()
    try:
        kernel.unshare(kernel.CLONE_NEWUSER | kernel.CLONE_NEWNS)
        for name, text in (("setgroups", "deny"), ("uid_map", f"0 {uid} 1"), ("gid_map", f"0 {gid} 1")):
            with open(f"/proc/self/{name}", "w", encoding="utf-8") as file:
                file.write(text)
        kernel.mount("", "/", flags=kernel.MS_REC | kernel.MS_SLAVE)
    except OSError as error:
        raise _refused(error, uid) from None


def living_shims(folder: str) -> Iterator[int]:
    """Pids of the shims that run."""
    place = os.path.join(folder, "instances")
    with suppress(FileNotFoundError):
        for name in sorted(os.listdir(place)):
            body = pids.read_json(os.path.join(place, name, "status.json"))
            if body is not None and pids.alive(body["pid"], body["start"]):
                yield body["pid"]


def find_namespace(folder: str, inode: int) -> str:
    """A path of the network namespace with that inode, "" where no shim is in it any more."""
    for pid in living_shims(folder):
        path = f"/proc/{pid}/ns/net"
        with suppress(OSError):
            if os.stat(path).st_ino == inode:
                return path
    return ""


def _joined(folder: str) -> bool:
    own = os.stat("/proc/self/ns/user")
    for pid in living_shims(folder):
        with suppress(OSError):
            fd = os.open(f"/proc/{pid}/ns/user", os.O_RDONLY | os.O_CLOEXEC)
            try:
                if os.path.samestat(os.fstat(fd), own):
                    continue
                kernel.setns(fd, kernel.CLONE_NEWUSER)
            finally:
                os.close(fd)
            # The helper's own mount namespace has ended with it: another one, as it was.
            kernel.unshare(kernel.CLONE_NEWNS)
            kernel.mount("", "/", flags=kernel.MS_REC | kernel.MS_SLAVE)
            return True
    return False


def _refused(error: OSError, uid: int) -> UserError:
    what = "no user namespace can be made here, which a lab without root's CAP_SYS_ADMIN needs"
    if error.errno in {errno.ENOSPC, errno.EUSERS}:
        where = "/proc/sys/user/max_user_namespaces"
        return UserError(what, where=where, mend="as root: sysctl -w user.max_user_namespaces=10000, or run as root", status=1)
    if uid == 0:
        mend = "give root CAP_SYS_ADMIN (docker run --privileged --device /dev/net/tun)"
    else:
        mend = (
            "run as root, or as root: sysctl -w kernel.unprivileged_userns_clone=1 (Debian), "
            "kernel.apparmor_restrict_unprivileged_userns=0 (Ubuntu)"
        )
    return UserError(f"{what}: {error.strerror}", mend=mend, status=1)
