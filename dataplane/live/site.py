"""The network namespace in which a lab's uplink comes out: the host's, or the one that ``x-dataplane.uplink.netns`` names."""

from __future__ import annotations

import itertools
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dataplane.hostnet import facts, place
from dataplane.hostnet.facts import Facts
from dataplane.hostnet.wire import HostWire
from dataplane.proc.spec import NamespaceRef
from dataplane.proc.sysctls import sysctl_path

if TYPE_CHECKING:
    from dataplane.proc.helper import Helper

_NUMBERS = itertools.count()

_GROUPS = 0x10 | 0x100  # RTMGRP_IPV4_IFADDR, RTMGRP_IPV6_IFADDR (linux/rtnetlink.h)


@dataclass(slots=True)
class Site:
    """``path``: None for this process's own namespace."""

    helper: Helper
    path: str | None
    namespace: NamespaceRef
    inode: int

    @classmethod
    def open(cls, helper: Helper, path: str | None) -> Site:
        """UserError where there is no such namespace, or no way in."""
        name = f":uplink{next(_NUMBERS)}"  # as the helper knows it; no instance can be called so
        namespace = helper.host_namespace(name) if path is None else helper.enter_namespace(name, path)
        return cls(helper, path, namespace, place.inode_of(path))

    def close(self) -> None:
        """Let go of it; it stays as it is."""
        self.helper.remove_namespace(self.namespace)

    def facts(self) -> Facts:
        """What it has now."""
        with self.wire() as wire:
            return facts.read(wire)

    @contextmanager
    def wire(self) -> Iterator[HostWire]:
        """Requests there, for the calling thread."""
        wire = HostWire() if self.path is None else HostWire(self.helper.netlink_socket(self.namespace))
        try:
            yield wire
        finally:
            wire.close()

    def sysctl(self, key: str) -> str | None:
        """A sysctl of it, None where there is none."""
        try:
            return place.inside(self.path, lambda: Path(sysctl_path(key)).read_text("ascii").strip())
        except OSError:
            return None

    def watch(self) -> socket.socket:
        """A socket that becomes readable when an address there comes or goes."""

        def open_socket() -> socket.socket:
            watching = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC, 0)
            watching.bind((0, _GROUPS))
            return watching

        return place.inside(self.path, open_socket)
