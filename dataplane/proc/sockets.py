"""Sockets opened in a container's namespace, for the daemon to use: those of its name server, and those that ask for it."""

from __future__ import annotations

import errno
import fcntl
import socket
import struct

from dataplane.errors import UserError
from dataplane.proc.redirect import PORT, redirect, redirected

_TRIES = 16
_BACKLOG = 128
_KINDS = {"udp": socket.SOCK_DGRAM, "tcp": socket.SOCK_STREAM}
_FAMILIES = {4: socket.AF_INET, 6: socket.AF_INET6}
_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 0x1


def open_server(address: str) -> tuple[socket.socket, socket.socket, int, str]:
    """UDP and TCP on one free port of ``address``, to which its port 53 leads; the port, and why it is 53 itself, or "".

    Where this kernel has no nftables it is: then no other in the namespace can have it.
    """
    why = ""
    _raise_loopback()
    before = _redirected()
    if before is not None:
        # An earlier daemon's: on its very port nothing need be loaded anew.
        try:
            return *_pair(address, before), ""
        except OSError:  # somebody else has it now
            pass
    udp, tcp, port = _pair(address, 0)
    try:
        redirect(address, port)
    except OSError as error:
        udp.close()
        tcp.close()
        why = f"no redirection by nftables: {error.strerror}"
        udp, tcp, port = _pair(address, PORT)
    return udp, tcp, port, why


def _redirected() -> int | None:
    try:
        return redirected()
    except OSError:  # no nftables here
        return None


def _raise_loopback() -> None:
    """lo up: until then the address is nobody's (netdevice(7))."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        row = fcntl.ioctl(control, _SIOCGIFFLAGS, struct.pack("16sH22x", b"lo", 0))
        (flags,) = struct.unpack_from("=H", row, 16)
        if not flags & _IFF_UP:
            fcntl.ioctl(control, _SIOCSIFFLAGS, struct.pack("16sH22x", b"lo", flags | _IFF_UP))


def _pair(address: str, port: int) -> tuple[socket.socket, socket.socket, int]:
    for _ in range(_TRIES):
        udp, tcp = _bound(address, port, "udp"), None
        try:
            chosen = udp.getsockname()[1]
            tcp = _bound(address, chosen, "tcp")
            tcp.listen(_BACKLOG)
            return udp, tcp, chosen
        except OSError as error:
            udp.close()
            if tcp is not None:
                tcp.close()
            if port or error.errno != errno.EADDRINUSE:
                raise
    raise UserError(f"no port of {address} is free for both UDP and TCP", status=1)


def _bound(address: str, port: int, kind: str) -> socket.socket:
    made = socket.socket(socket.AF_INET, _KINDS[kind] | socket.SOCK_NONBLOCK)
    try:
        made.bind((address, port))
    except OSError:
        made.close()
        raise
    return made


def open_client(kind: str, version: int) -> socket.socket:
    """A socket that is bound to nothing yet: ``udp`` or ``tcp``, IP version 4 or 6."""
    return socket.socket(_FAMILIES[version], _KINDS[kind] | socket.SOCK_NONBLOCK)
