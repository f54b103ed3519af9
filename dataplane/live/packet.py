"""An uplink on a real interface: a packet socket (packet(7)) that sees what comes there, and sends with our own MAC."""

from __future__ import annotations

import socket

from dataplane.errors import UserError
from dataplane.hostnet import place
from dataplane.model import Uplink


def open_packet(path: str | None, uplink: Uplink) -> int:
    """A packet socket of the uplink's interface, not bound yet: the engine's port binds it. UserError where there is none."""
    name = uplink.name or ""

    def work() -> int:
        try:
            socket.if_nametoindex(name)
        except OSError:
            known = ", ".join(name for _index, name in socket.if_nameindex())
            raise UserError(
                f"the host has no interface {name!r}", where="x-dataplane.uplink.name", mend=f"it has {known}", status=1
            ) from None
        try:
            return socket.socket(socket.AF_PACKET, socket.SOCK_RAW | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC, 0).detach()
        except PermissionError:
            raise UserError("a packet uplink needs root", where="x-dataplane.uplink.kind", mend="kind: none", status=1) from None

    return place.inside(path, work)
