"""The lab process's side of the helper: start it, ask it for namespaces, TAPs, netlink sockets and shims."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import dataplane
from dataplane.errors import UserError
from dataplane.proc import message
from dataplane.proc.instance import Instance
from dataplane.proc.message import Body
from dataplane.proc.spec import InstanceSpec, NamespaceRef

if TYPE_CHECKING:
    from pyroute2 import IPRoute

MARK = "dataplane-helper"
TIMEOUT = 60.0
AT_ONCE = 32
"""Namespaces of one request."""

_PROGRAM = "import sys; sys.path.append({root!r}); from dataplane.proc.server import main; main(sys.argv[2:])"


@dataclass(frozen=True, slots=True)
class NameServer:
    """``udp`` and a listening ``tcp``, on ``port`` both. ``note``: why nothing else can have port 53 there, "" where it can."""

    udp: socket.socket
    tcp: socket.socket
    port: int
    note: str = ""


class Helper:
    """A connection to the helper of one lab. Its methods may be called from several threads; each waits for its reply.

    Each raises UserError for what the machine refuses, and when the helper is gone; where ``replace`` is set it is asked then for
    another, which knows the same namespaces, and the request is made again.
    """

    def __init__(self, folder: Path, connection: socket.socket) -> None:
        self.lab, self.folder = folder.name, folder
        self.replace: Callable[[], Helper] | None = None
        self._connection = connection
        self._lock = threading.Lock()

    @classmethod
    def start(cls, lab: str, folder: Path) -> Helper:
        """Start the helper of ``lab``, whose state folder (``registry.lab_folder``) is ``folder``.

        It is a fresh interpreter: one thread, few pages, nothing of this process. Call it early all the same, its 30 ms
        then pass while this process imports what is heavy.
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        program = _PROGRAM.format(root=str(Path(dataplane.__file__).parent.parent))
        # A preloaded library (a sanitiser's) is for this process; it would weigh on every shim.
        env = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}
        env.setdefault("PATH", os.defpath)
        with ours, theirs, (folder / "helper.log").open("ab") as log:
            child = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", program, MARK, lab, str(folder), str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                pass_fds=(theirs.fileno(),),
                env=env,
                start_new_session=True,
            )
            theirs.close()
            child.wait()
            ours.settimeout(TIMEOUT)
            reply, _fds = message.receive(ours)
        if reply is None:
            raise UserError("the helper process did not start", where=str(folder / "helper.log"), mend="read that file", status=1)
        message.raise_failure(reply)
        return cls.connect(folder)

    @classmethod
    def connect(cls, folder: Path) -> Helper:
        """The running helper of the lab in ``folder``; it serves several lab processes, also one after the other."""
        try:
            connection = message.connect(str(folder / "helper.sock"))
        except OSError:
            raise UserError(
                f"the helper of lab {folder.name} is gone", where=str(folder), mend=f"dataplane down --lab {folder.name}", status=1
            ) from None
        connection.settimeout(TIMEOUT)
        return cls(folder, connection)

    def _ask(self, verb: str, name: str, **more: object) -> tuple[Body, list[int]]:
        return self._exchange({"do": verb, "name": name, **more}, ())

    def _exchange(self, body: Body, given: Sequence[int]) -> tuple[Body, list[int]]:
        with self._lock:
            reply, fds = self._once(body, given)
            if reply is None and self.replace is not None:
                self._connection.close()
                self._connection = self.replace()._connection
                reply, fds = self._once(body, given)
        if reply is None:
            raise UserError(f"the helper of lab {self.lab} is gone", mend=f"dataplane down --lab {self.lab}", status=1)
        message.raise_failure(reply)
        return reply, fds

    def _once(self, body: Body, given: Sequence[int]) -> tuple[Body | None, list[int]]:
        """The reply; None: there is nobody."""
        try:
            message.send(self._connection, body, given)
            return message.receive(self._connection)
        except OSError:
            return None, []

    def _namespace(self, verb: str, name: str, **more: object) -> NamespaceRef:
        reply, _fds = self._ask(verb, name, **more)
        return NamespaceRef(name, reply["path"], reply["inode"], reply["owned"])

    def version(self) -> int:
        """Of its face, ``server.VERSION`` where it is of ours; 0: one that cannot say."""
        try:
            return int(self._ask("version", "")[0]["version"])
        except UserError:
            return 0

    def create_namespace(self, name: str) -> NamespaceRef:
        """A fresh network namespace: lo, down, and nothing else. As root it is /run/netns/LAB-NAME."""
        return self._namespace("create", name)

    def enter_namespace(self, name: str, path: str) -> NamespaceRef:
        """The namespace that a user made at ``path``, known here as ``name``; ``remove_namespace`` leaves it as it is."""
        return self._namespace("enter", name, path=path)

    def host_namespace(self, name: str) -> NamespaceRef:
        """The host's own namespace, known here as ``name``."""
        return self._namespace("host", name)

    def adopt_namespace(self, name: str, path: str) -> NamespaceRef:
        """The namespace at ``path``, which a helper that is gone has made: ours again, known as ``name``."""
        return self._namespace("adopt", name, path=path)

    def namespaces(self) -> dict[str, NamespaceRef]:
        """All that this helper knows, by name: also those that were made for another lab process."""
        found: dict[str, NamespaceRef] = {}
        last = ""
        while True:
            reply, _fds = self._ask("known", last)
            if not reply["spaces"]:
                return found
            found |= {name: NamespaceRef(name, path, inode, owned) for name, path, inode, owned in reply["spaces"]}
            last = next(reversed(found))

    def furnish(self, orders: list[Body]) -> tuple[dict[str, NamespaceRef], list[int]]:
        """Make and furnish namespaces as ``proc.furnish`` has it: those that are new, and descriptors of the TAPs in order.

        UserError: nothing new is left of any of them."""
        reply, fds = self._ask("furnish", orders[0]["name"] if orders else "", orders=orders)
        return {name: NamespaceRef(name, path, inode, owned) for name, path, inode, owned in reply["spaces"]}, fds

    def look(self, names: list[str]) -> dict[str, Body]:
        """What is of ours in namespaces, by their names, as ``proc.furnish.look`` has it."""
        reply, _fds = self._ask("look", "", names=names, **{"take up": False})
        found: dict[str, Body] = reply["found"]
        return found

    def take_up(self, names: list[str]) -> tuple[dict[str, Body], list[int]]:
        """The same, with descriptors of the TAPs that are said to be opened, in their order."""
        reply, fds = self._ask("look", "", names=names, **{"take up": True})
        return reply["found"], fds

    def remove_namespace(self, namespace: NamespaceRef) -> None:
        """Let go of a namespace. It ends when its last process and the last descriptor opened in it are gone."""
        self._ask("remove", namespace.name)

    def open_tap(self, namespace: NamespaceRef, ifname: str, *, mac: str | None = None, flags: int = 0, stays: bool = False) -> int:
        """A non-blocking descriptor of a new TAP in ``namespace``, with vnet headers (IFF_VNET_HDR); it goes with the descriptor.

        ``flags``: further IFF_… bits of linux/if_tun.h. ``stays``: it goes with its namespace or its link instead, and one that is
        there already is opened again, its MAC left as it is where ``mac`` is None.
        """
        _reply, fds = self._ask("tap", namespace.name, ifname=ifname, mac=mac, flags=flags, stays=stays)
        return fds[0]

    def set_sysctls(self, namespace: NamespaceRef, values: Mapping[str, str]) -> None:
        """Write ``net.…`` sysctls in ``namespace``, in order."""
        self._ask("sysctl", namespace.name, values=dict(values))

    def open_name_servers(self, namespaces: Sequence[NamespaceRef], address: str) -> list[NameServer | UserError]:
        """Sockets in each of ``namespaces`` to which port 53 of ``address`` there leads, whichever port they are on; or why
        there are none. Again: instead of those before."""
        found: list[NameServer | UserError] = []
        for begin in range(0, len(namespaces), AT_ONCE):
            names = [one.name for one in namespaces[begin : begin + AT_ONCE]]
            reply, fds = self._ask("name servers", "", names=names, address=address)
            for row in reply["opened"]:
                if "error" in row:
                    found.append(UserError(row["error"], where=row["where"], mend=row["mend"], status=1))
                else:
                    udp, tcp = socket.socket(fileno=fds.pop(0)), socket.socket(fileno=fds.pop(0))
                    found.append(NameServer(udp, tcp, row["port"], row["note"]))
        return found

    def open_socket(self, namespace: NamespaceRef, kind: str, version: int) -> socket.socket:
        """A non-blocking socket (``udp`` or ``tcp``, of an IP version) whose other end is sought from ``namespace``."""
        _reply, fds = self._ask("socket", namespace.name, kind=kind, version=version)
        return socket.socket(fileno=fds[0])

    @contextmanager
    def netlink(self, namespace: NamespaceRef) -> Iterator[IPRoute]:
        """A pyroute2 IPRoute that works in ``namespace``, for the calling thread. An open one keeps the namespace alive."""
        from pyroute2 import IPRoute

        with IPRoute(fileno=self.netlink_socket(namespace).detach()) as route:
            yield route

    def netlink_socket(self, namespace: NamespaceRef) -> socket.socket:
        """A blocking rtnetlink socket that works in ``namespace``, and keeps it alive."""
        _reply, fds = self._ask("netlink", namespace.name)
        return socket.socket(fileno=fds[0])

    def spawn(self, spec: InstanceSpec, attached: Sequence[int] = ()) -> Instance:
        """Start a service under a shim of its own; returns when its command runs, or raises why it does not (status 126, 127).

        ``attached``: the shim's ends of up to ``message.MAX_FDS`` connections (SOCK_SEQPACKET), which see the command from its
        first octet, whole, as ``control`` describes; the caller's copies stay open.
        """
        reply, fds = self._exchange({"do": "spawn", "name": spec.name, **spec.body()}, attached)
        return Instance(spec.name, self.folder / "instances" / spec.name, reply["pid"], reply["start"], fds[0])

    def close(self) -> None:
        """Let go of the helper. It lives on, with the namespaces and the shims: ``clean`` ends those."""
        self._connection.close()
