"""The interfaces that macvlan and ipvlan networks are on, as plain frozen data."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Interface, IPv6Interface

from dataplane.outside import IPAddress

PARENT = "parent"
"""What its port is called (DESIGN: "Ports have names"): ``parent.NETWORK``, after the first network on it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the host has: the interface's MAC and MTU, its addresses, and the next hops of default routes by it."""

    mac: str
    mtu: int = 1500
    addresses: tuple[IPv4Interface | IPv6Interface, ...] = ()
    gateways: tuple[IPAddress, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Parent:
    """A real interface with networks on it. ``networks``: their keys, the first names the port; ``vlans``: the VLAN identifier of
    each, 0 where its frames have no tag.

    ``mac``, ``addresses``, ``gateways``: of the interface, as the host has it or as an option says. ``stations``: MACs that it
    takes frames in for; with ``everything`` for any. ``shared``: addresses of endpoints that have its MAC;
    ``hidden``: those of them to be kept from the host's own stack.
    """

    interface: str
    networks: tuple[str, ...]
    vlans: tuple[int, ...]
    mac: str
    mtu: int = 1500
    netns: str | None = None
    stations: tuple[str, ...] = ()
    everything: bool = False
    addresses: tuple[IPv4Interface | IPv6Interface, ...] = ()
    gateways: tuple[IPAddress, ...] = ()
    neighbors: tuple[tuple[IPAddress, str], ...] = ()
    shared: tuple[IPAddress, ...] = ()
    hidden: tuple[IPAddress, ...] = ()


def parent_port(network: str) -> str:
    """The name of the port of a parent whose first network this is."""
    return f"{PARENT}.{network}"
