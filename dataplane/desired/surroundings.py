"""What is on the host that choices keep clear of. Read by the daemon, handed in as data."""

from __future__ import annotations

from dataclasses import dataclass

from dataplane.model import IPAddress, IPNetwork


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """``daemon``: its name, which fixes its IPv6 prefix. ``routes``: (interface, destination) of the host, those of our own devices
    left out; ``resolvers``: those of its resolv.conf. ``links``: interfaces that a network may have for its parent. ``overlays``:
    the daemon was given what carries them."""

    daemon: str = "dataplane"
    routes: tuple[tuple[str, IPNetwork], ...] = ()
    resolvers: tuple[IPAddress, ...] = ()
    links: frozenset[str] = frozenset()
    overlays: bool = False
