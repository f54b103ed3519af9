"""An uplink on a real interface: a packet socket (packet(7)) that sees what comes there, and sends with our own MAC."""

from __future__ import annotations

import socket

from dataplane.errors import UserError
from dataplane.hostnet import place
from dataplane.outside import Outside


def open_packet(path: str | None, uplink: Outside) -> int:
    """A packet socket on the uplink's interface, for the engine's port. UserError where there is no such interface."""
    name = uplink.name or ""

    def work() -> int:
        try:
            with socket.socket(socket.AF_PACKET, socket.SOCK_RAW | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC, 0) as opened:
                # Protocol 0: nothing comes until the engine's port has set its filter.
                opened.bind((name, 0))
                return opened.detach()
        except PermissionError:
            raise UserError("a packet uplink needs root", where="x-dataplane.uplink.kind", mend="kind: none", status=1) from None
        except OSError as error:
            known = ", ".join(name for _index, name in socket.if_nameindex())
            raise UserError(
                f"no packet socket on the interface {name!r}: {error.strerror}",
                where="x-dataplane.uplink.name",
                mend=f"the host has {known}",
                status=1,
            ) from None

    return place.inside(path, work)
