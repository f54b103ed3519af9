"""What carries a lab's overlays, as plain frozen data: underlays, the VTEPs at their other ends, and who lives behind those."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface

IPAddress = IPv4Address | IPv6Address
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
class Underlay:
    """What carries overlays. In a Topology what the file says of it; in a Plan all of it, decided.

    ``kind``: ``tap`` (a TAP in the host's namespace, or in ``netns``; the host routes), ``packet`` (the real interface ``name``),
    ``udp`` (sockets of the host, which routes; the addresses are the host's own). ``ipv4``, ``ipv6``: the VTEP's addresses.
    ``gateway4``, ``gateway6``: the next hop, which of a TAP is the host's own side; ``mac`` is ours, ``gateway_mac`` its MAC.
    ``port``: the UDP port that VXLAN comes to and goes to. ``peers``: those of every overlay that names none of its own.
    """

    kind: str = "tap"
    name: str | None = None
    ipv4: IPv4Interface | None = None
    ipv6: IPv6Interface | None = None
    gateway4: IPv4Address | None = None
    gateway6: IPv6Address | None = None
    mac: str | None = None
    gateway_mac: str | None = None
    netns: str | None = None
    neighbors: tuple[tuple[IPAddress, str], ...] = ()
    mtu: int = 1500
    port: int = VXLAN_PORT
    peers: tuple[Peer, ...] = ()
