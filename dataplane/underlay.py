"""What carries a lab's overlays, as plain frozen data: underlays, the VTEPs at their other ends, and who lives behind those."""

from __future__ import annotations

from dataclasses import dataclass

from dataplane.outside import IPAddress, Outside

UNDERLAY = "underlay"
"""The name of the underlay's port (DESIGN: "Ports have names"); a network's own is called ``underlay.NETWORK``."""
VXLAN_PORT = 4789
"""RFC 7348, 5."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    """An endpoint behind another VTEP, told beforehand: it needs no learning, and ARP and ND for it are answered here."""

    mac: str
    addresses: tuple[IPAddress, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """Another VTEP. ``mac``: its MAC on the underlay, which is then not asked for. ``endpoints``: stations behind it."""

    address: IPAddress
    mac: str | None = None
    endpoints: tuple[Station, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Underlay(Outside):
    """What carries overlays. ``kind``: ``tap`` (the host routes), ``packet``, or ``udp``: sockets of the host, which routes, at
    addresses of its own. ``port``: the UDP port that VXLAN comes to and goes to. ``peers``: those of every overlay that names none
    of its own.
    """

    port: int = VXLAN_PORT
    peers: tuple[Peer, ...] = ()
