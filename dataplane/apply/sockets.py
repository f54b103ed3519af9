"""Sockets that carry an underlay: opened where they shall be, handed to the engine's port later."""

from __future__ import annotations

from collections.abc import Iterable


def open_sockets(addresses: Iterable[str], port: int, groups: Iterable[str]) -> tuple[int, ...]:
    """Descriptors for the port of an underlay of kind udp, in the caller's network namespace. Errors: OSError."""
    from fastpath.udpsocket import open_udp

    return tuple(open_udp(addresses, port, groups=groups))
