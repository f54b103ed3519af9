"""The helper process: makes namespaces, opens TAPs in them and forks shims, at the request of the lab process.

It is a fresh interpreter with one thread for ever (setns and unshare fail in threaded processes), imports little (its
shims share its pages), is in no namespace of the lab but the user and mount namespace of an ordinary user's lab, and
outlives the lab process. It ends when it is killed, which is what ``clean`` does.
"""

from __future__ import annotations

import fcntl
import gc
import os
import select
import signal
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress

from dataplane.proc import kernel, message, pids, sockets, tap
from dataplane.proc.furnish import furnish, look
from dataplane.proc.message import Body
from dataplane.proc.practice import practise
from dataplane.proc.spaces import Space, Spaces, apart
from dataplane.proc.spawn import fork_shim
from dataplane.proc.sysctls import write_sysctls
from dataplane.proc.userns import enter_user_namespace
from dataplane.proc.users import resolve_user

MAX_CLIENTS = 64
KNOWN_AT_ONCE = 256
VERSION = 3
"""Of what is asked and answered here: counts up when a daemon could not speak with a helper that an earlier one started."""

Reply = tuple[Body, list[int]]


class Server:
    """Answers one request at a time."""

    def __init__(self, lab: str, folder: str, privileged: bool) -> None:
        self.folder, self.privileged = folder, privileged
        self.spaces = Spaces(lab, folder, named=privileged)
        self.shims: set[int] = set()
        self._verbs: dict[str, Callable[[Body], Reply]] = {
            "create": lambda body: self._described(self.spaces.create(body["name"])),
            "enter": lambda body: self._described(self.spaces.enter(body["name"], body["path"])),
            "host": lambda body: self._described(self.spaces.host(body["name"])),
            "adopt": lambda body: self._described(self.spaces.adopt(body["name"], body["path"])),
            "known": self._known,
            "version": lambda _body: ({"version": VERSION}, []),
            "furnish": lambda body: furnish(self.spaces, body["orders"]),
            "look": lambda body: look(self.spaces, body["names"], take_up=body["take up"]),
            "remove": self._remove,
            "tap": self._tap,
            "netlink": self._netlink,
            "sysctl": self._sysctl,
            "name servers": self._name_servers,
            "socket": self._socket,
        }

    def answer(self, body: Body, given: Sequence[int] = ()) -> Reply:
        """The reply to one request, errors included. ``given``: descriptors that came with it, which stay the caller's."""
        try:
            if body["do"] == "spawn":
                return self._spawn(body, given)
            return self._verbs[body["do"]](body)
        except Exception as error:  # nothing that a client says may end the helper
            return message.failure(error), []

    @staticmethod
    def _described(space: Space) -> Reply:
        return {"path": space.path, "inode": space.inode, "owned": space.owned}, []

    def _known(self, body: Body) -> Reply:
        """Those whose names come after ``name``, as many as one message surely holds, in the order of their names."""
        names = sorted(name for name in self.spaces.names() if name > body["name"])[:KNOWN_AT_ONCE]
        rows = [[name, space.path, space.inode, space.owned] for name in names if (space := self.spaces.get(name))]
        return {"spaces": rows}, []

    def _remove(self, body: Body) -> Reply:
        self.spaces.remove(body["name"])
        return {}, []

    def _tap(self, body: Body) -> Reply:
        def work() -> Reply:
            return {}, [tap.open_tap(body["ifname"], body["mac"], body["flags"], stays=body["stays"])]

        return self.spaces.get(body["name"]).inside(work)

    def _netlink(self, body: Body) -> Reply:
        def work() -> Reply:
            # A datagram socket, not a raw one: asyncio, under pyroute2, takes no other.
            return {}, [socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, socket.NETLINK_ROUTE).detach()]

        return self.spaces.get(body["name"]).inside(work)

    def _sysctl(self, body: Body) -> Reply:
        def work() -> Reply:
            write_sysctls(body["values"])
            return {}, []

        return self.spaces.get(body["name"]).inside(work)

    def _name_servers(self, body: Body) -> Reply:
        """Several namespaces, one fork."""
        spaces = [self.spaces.get(name) for name in body["names"]]

        def work() -> Reply:
            opened, fds = [], []
            for space in spaces:
                try:
                    if space.fd >= 0:
                        kernel.setns(space.fd, kernel.CLONE_NEWNET)
                    udp, tcp, port, note = sockets.open_server(body["address"])
                except Exception as error:  # the others are not to suffer
                    opened.append(message.failure(error))
                else:
                    opened.append({"port": port, "note": note})
                    fds += [udp.detach(), tcp.detach()]
            return {"opened": opened}, fds

        return apart(work)

    def _socket(self, body: Body) -> Reply:
        space = self.spaces.get(body["name"])
        return space.inside(lambda: ({}, [sockets.open_client(body["kind"], body["version"]).detach()]))

    def _spawn(self, body: Body, attached: Sequence[int]) -> Reply:
        spec = {**body, "attached": list(attached)}
        pid, start = fork_shim(spec, self.spaces.get(body["namespace"]), self.folder, self.privileged)
        self.shims.add(pid)
        return {"pid": pid, "start": start}, [os.pidfd_open(pid)]

    def reap(self) -> None:
        """Collect every child that has ended."""
        with suppress(ChildProcessError):
            while True:
                pid, _status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    return
                self.shims.discard(pid)

    def serve(self, listener: socket.socket) -> None:
        """For ever: take connections, answer requests, reap shims."""
        wake, bell = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        signal.set_wakeup_fd(bell, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        poll = select.poll()
        poll.register(listener, select.POLLIN)
        poll.register(wake, select.POLLIN)
        clients: dict[int, socket.socket] = {}
        while True:
            for fd, _events in poll.poll():
                if fd == wake:
                    os.read(wake, 4096)
                    self.reap()
                elif fd == listener.fileno():
                    with suppress(OSError):
                        connection, _address = listener.accept()
                        if len(clients) >= MAX_CLIENTS:
                            connection.close()
                            continue
                        connection.setblocking(True)
                        clients[connection.fileno()] = connection
                        poll.register(connection, select.POLLIN)
                elif not self._converse(clients[fd]):
                    poll.unregister(fd)
                    clients.pop(fd).close()

    def _converse(self, connection: socket.socket) -> bool:
        """One request of one client. False: it is gone."""
        try:
            body, given = message.receive(connection)
            fds: list[int] = []
            try:
                if body is None:
                    return False
                reply, fds = self.answer(body, given)
                message.send(connection, reply, fds)
            finally:
                for fd in (*given, *fds):
                    os.close(fd)
        except (OSError, ValueError):
            return False
        return True


def privileged() -> bool:
    """The caller is root with CAP_SYS_ADMIN (bit 21): no user namespace is needed."""
    with open("/proc/self/status", encoding="utf-8") as file:
        effective = next(line for line in file if line.startswith("CapEff:"))
    return os.geteuid() == 0 and bool(int(effective.split()[1], 16) >> 21 & 1)


def main(words: list[str]) -> None:
    """Become a helper: detach, say how it went, serve. ``words``: lab, state folder, descriptor to say it on."""
    lab, folder, ready_fd = words[0], words[1], int(words[2])
    if os.fork() != 0:
        os._exit(0)
    os.setsid()
    os.umask(0o077)
    os.chdir("/")
    kernel.set_name("dataplane-help")
    ready = socket.socket(fileno=ready_fd)
    fcntl.fcntl(ready_fd, fcntl.F_SETFD, fcntl.FD_CLOEXEC)
    try:
        root = privileged()
        if not root:
            enter_user_namespace(folder)
        kernel.become_subreaper()
        for name in ("namespaces", "instances"):
            # Never the folder itself: when it is gone, so is our lab.
            with suppress(FileExistsError):
                os.mkdir(os.path.join(folder, name), 0o700)
        listener = message.listen(os.path.join(folder, "helper.sock"))
        pids.write_json(os.path.join(folder, "helper.json"), {"pid": os.getpid(), "start": pids.start_time("self")})
    except Exception as error:  # whatever it was, the lab process is told
        message.send(ready, message.failure(error))
        os._exit(1)
    message.send(ready, {"pid": os.getpid()})
    ready.close()
    # A first look at the user database loads the libraries behind it once, not in every shim.
    resolve_user("root", root)
    practise(folder, root)
    # What lives now lives for ever: a collection in a shim must not write to its pages, which are shared.
    gc.collect()
    gc.freeze()
    Server(lab, folder, root).serve(listener)
