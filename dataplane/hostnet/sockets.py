"""Published ports held by sockets of ours, one a port: nobody else can take it meanwhile, and who has it already is found out.

A port of every address of the host is one dual-stack socket (RFC 3493 section 5.3), so that ten thousand ports are ten thousand
descriptors and no more. TCP ones listen: what the host's rules do not translate, [::1] above all, arrives there for the relay.
"""

from __future__ import annotations

import errno
import os
import resource
import socket
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from dataplane.errors import UserError
from dataplane.hostnet.rules import Way
from dataplane.model import IPAddress

BACKLOG = 128
SPARE = 256
"""Descriptors that are left for all else: TAPs, control sockets, relayed connections."""

_KINDS = {"tcp": (socket.SOCK_STREAM, 0), "udp": (socket.SOCK_DGRAM, 0), "sctp": (socket.SOCK_STREAM, socket.IPPROTO_SCTP)}


@dataclass(frozen=True, slots=True)
class Port:
    """One port of the host. ``address`` None: of every address, in both families."""

    protocol: str
    address: IPAddress | None
    number: int

    def __str__(self) -> str:
        """As Docker writes it: 0.0.0.0:8080/tcp."""
        shown = self.address or ip_address("0.0.0.0")
        return f"{f'[{shown}]' if shown.version == 6 else shown}:{self.number}/{self.protocol}"


class RefusedError(Exception):
    """A port that could not be bound."""

    def __init__(self, port: Port, number: int) -> None:
        super().__init__(f"{port}: {os.strerror(number)}")
        self.port, self.number = port, number


def ports_of(ways: Iterable[Way]) -> dict[Port, tuple[Way, int]]:
    """Every single port with its way and the engine's port for it."""
    return {
        Port(way.protocol, way.host_ip, way.first + n): (way, way.transfer + n)
        for way in ways
        for n in range(way.last - way.first + 1)
    }


def bind(port: Port) -> socket.socket | None:
    """A socket that holds the port; None where this kernel lacks the protocol. RefusedError: not to be had."""
    family, host = _place(port.address)
    kind, protocol = _KINDS[port.protocol]
    try:
        held = socket.socket(family, kind | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC, protocol)
    except OSError as error:
        if error.errno == errno.EMFILE:
            raise RefusedError(port, errno.EMFILE) from None
        return None
    try:
        _configure(held, port)
        held.bind((host, port.number))
        if kind == socket.SOCK_STREAM:
            held.listen(BACKLOG)
    except OSError as error:
        held.close()
        raise RefusedError(_blamed(port), error.errno or errno.EIO) from None
    return held


def _place(address: IPAddress | None) -> tuple[int, str]:
    if address is None:
        return (socket.AF_INET6, "::") if _has_ipv6() else (socket.AF_INET, "0.0.0.0")
    return (socket.AF_INET if address.version == 4 else socket.AF_INET6), str(address)


def _has_ipv6() -> bool:
    return Path("/proc/thread-self/net/if_inet6").exists()


def _configure(held: socket.socket, port: Port) -> None:
    if port.protocol != "udp":
        # What an earlier lab's connections left in TIME_WAIT does not count; a listener still does.
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if held.family == socket.AF_INET6:
        held.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, port.address is not None)
        if port.protocol == "udp":
            held.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
    elif port.protocol == "udp":
        held.setsockopt(socket.IPPROTO_IP, _IP_PKTINFO, 1)


_IP_PKTINFO = 8  # socket has no name for it before Python 3.14 (linux/in.h)


def _blamed(port: Port) -> Port:
    """Of a port of every address, the family that is taken: as Docker, which tries 0.0.0.0 first."""
    if port.address is not None:
        return port
    for text in ("0.0.0.0", "::"):
        one = Port(port.protocol, ip_address(text), port.number)
        with suppress(OSError):
            family, host = _place(one.address)
            with socket.socket(family, _KINDS[port.protocol][0]) as probe:
                _configure(probe, one)
                try:
                    probe.bind((host, port.number))
                except OSError:
                    return one
    return port


def require_descriptors(count: int) -> None:
    """Make room for so many more descriptors. UserError when the limit of this process is below."""
    if not count:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = sum(1 for _ in Path("/proc/self/fd").iterdir()) + count + SPARE
    if needed > hard != resource.RLIM_INFINITY:
        raise UserError(
            f"{count} published ports need {needed} open files, and this process may have {hard}",
            where="ports",
            mend=f"ulimit -Hn {needed}, then up again, or publish fewer",
            status=1,
        )
    if needed > soft != resource.RLIM_INFINITY:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(max(needed, 2 * soft), hard), hard))


def bound(ports: Iterable[Port]) -> Iterator[tuple[Port, socket.socket]]:
    """Each port with its socket. RefusedError for the first that cannot be had."""
    for port in ports:
        if (held := bind(port)) is not None:
            yield port, held
