"""The network namespaces of a lab, as its helper holds them: one descriptor each, and the work done inside.

The helper itself never changes a namespace: an ordinary user's helper could not come back to the host's. Work inside is
done by a fork that enters, does it, hands back a reply and descriptors, and ends.
"""

from __future__ import annotations

import errno
import fcntl
import os
import socket
from collections.abc import Callable
from contextlib import suppress

from dataplane.errors import UserError
from dataplane.proc import kernel, message, mounts, pids
from dataplane.proc.message import Body
from dataplane.proc.sysctls import open_to_users

Work = Callable[[], tuple[Body, list[int]]]


def apart(work: Work) -> tuple[Body, list[int]]:
    """Run ``work`` in a fork; its reply and descriptors. Errors inside come back as UserError."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    pid = os.fork()
    if pid == 0:
        try:
            try:
                body, fds = work()
            except Exception as error:  # whatever it was, the caller is told
                body, fds = message.failure(error), []
            message.send(theirs, body, fds)
        finally:
            os._exit(0)
    theirs.close()
    with ours:
        reply, fds = message.receive(ours)
    os.waitpid(pid, 0)
    if reply is None:
        raise UserError("a process of the helper was killed in the middle of its work", mend="dataplane down, then up", status=1)
    message.raise_failure(reply)
    return reply, fds


class Space:
    """A network namespace: ``fd`` -1 is the helper's own, which is the host's. ``owned``: made by us."""

    __slots__ = ("fd", "inode", "owned", "path")

    def __init__(self, fd: int, path: str, inode: int, owned: bool) -> None:
        self.fd, self.path, self.inode, self.owned = fd, path, inode, owned

    def inside(self, work: Work) -> tuple[Body, list[int]]:
        """``work`` in a fork that has entered this namespace."""

        def entered() -> tuple[Body, list[int]]:
            if self.fd >= 0:
                kernel.setns(self.fd, kernel.CLONE_NEWNET)
            return work()

        return apart(entered)


class Spaces:
    """All namespaces of one lab. ``named``: bind them under /run/netns (root); else they live in descriptors only."""

    def __init__(self, lab: str, folder: str, named: bool) -> None:
        self.lab, self.folder, self.named = lab, folder, named
        self._known: dict[str, Space] = {}

    def get(self, name: str) -> Space:
        """The namespace of that name; UserError when there is none."""
        try:
            return self._known[name]
        except KeyError:
            raise UserError(f"lab {self.lab} has no namespace {name}", status=1) from None

    def claim(self, name: str) -> None:
        """UserError where the name is taken."""
        if name in self._known:
            raise UserError(f"lab {self.lab} has a namespace {name} already", status=1)

    def create(self, name: str) -> Space:
        """A fresh network namespace with nothing but lo, which is down."""
        self.claim(name)

        def work() -> tuple[Body, list[int]]:
            kernel.unshare(kernel.CLONE_NEWNET)
            fd = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
            inode = os.fstat(fd).st_ino
            self.note(name, inode)
            open_to_users()
            return {"inode": inode}, [fd]

        try:
            body, (fd,) = apart(work)
        except UserError as error:
            if "not permitted" in error.what:
                raise UserError(
                    "network namespaces may not be made here",
                    where=name,
                    mend="run as root with CAP_SYS_ADMIN (docker run --privileged), or as a user where user namespaces are allowed",
                    status=1,
                ) from None
            raise
        self.keep(name, fd, body["inode"])
        return self._known[name]

    def note(self, name: str, inode: int) -> None:
        """The caller's network namespace is that one from now on: written down, and bound to its name where it has one.

        The record comes first: whatever dies from here on, `clean`, or another helper, knows what to look for."""
        full = self._full(name)
        pids.write_json(self._record(name), {"name": full, "inode": inode})
        if full:
            try:
                mounts.bind(os.path.dirname(self.folder), full)
            except BaseException:
                os.unlink(self._record(name))
                raise

    def forget(self, name: str, inode: int) -> None:
        """Take that back."""
        if full := self._full(name):
            mounts.unbind(full, inode)
        with suppress(FileNotFoundError):
            os.unlink(self._record(name))

    def _full(self, name: str) -> str:
        return f"{self.lab}-{name}" if self.named else ""

    def _record(self, name: str) -> str:
        return os.path.join(self.folder, "namespaces", name)

    def enter(self, name: str, path: str) -> Space:
        """A namespace that somebody else made, known as ``name`` from now on and left as found."""
        self.claim(name)
        mend = "give the path of a network namespace, for example /run/netns/NAME after: ip netns add NAME"
        try:
            fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except OSError as error:
            raise UserError(f"the namespace cannot be opened: {error.strerror}", where=path, mend=mend, status=1) from None
        try:
            if fcntl.ioctl(fd, kernel.NS_GET_NSTYPE) != kernel.CLONE_NEWNET:
                raise OSError(errno.EINVAL, "another kind of namespace")
        except OSError:
            os.close(fd)
            raise UserError("this is not a network namespace", where=path, mend=mend, status=1) from None
        space = Space(fd, path, os.fstat(fd).st_ino, owned=False)
        try:
            space.inside(lambda: ({}, []))
        except UserError as error:
            os.close(fd)
            raise UserError(f"no entry there: {error.what}", where=path, mend="run the lab as root", status=1) from None
        self._known[name] = space
        return space

    def adopt(self, name: str, path: str) -> Space:
        """A namespace of this lab's that an earlier helper made, known as ``name`` from now on, and ours to end."""
        space = self.enter(name, path)
        space.owned = True
        if not self.named:  # by that path it is known no longer than the process that it was found in
            space.path = f"/proc/{os.getpid()}/fd/{space.fd}"
        return space

    def keep(self, name: str, fd: int, inode: int) -> str:
        """A namespace that was made just now, and noted; its path."""
        path = mounts.path_of(self._full(name)) if self.named else f"/proc/{os.getpid()}/fd/{fd}"
        self._known[name] = Space(fd, path, inode, owned=True)
        return path

    def names(self) -> list[str]:
        """Of all that are known."""
        return list(self._known)

    def host(self, name: str) -> Space:
        """The host's own namespace, known as ``name``."""
        self.claim(name)
        self._known[name] = Space(-1, "/proc/1/ns/net", os.stat("/proc/self/ns/net").st_ino, owned=False)
        return self._known[name]

    def remove(self, name: str) -> None:
        """Let go of a namespace. It ends with its last process and its last descriptor; a user's own stays."""
        space = self._known.pop(name, None)
        if space is None:
            return
        if space.fd >= 0:
            os.close(space.fd)
        if space.owned:
            self.forget(name, space.inode)
