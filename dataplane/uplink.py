"""The ways out of a lab, as plain frozen data."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface

IPAddress = IPv4Address | IPv6Address
UPLINK = "uplink"
"""The name of the lab's uplink, its port and node (DESIGN: "Ports have names"); a network's own is called ``uplink.NETWORK``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Uplink:
    """A way out: the lab's, or a network's own. In a Topology what the file says of it; in a Plan all of it, decided.

    ``kind``: ``tap`` (a TAP in the host's namespace, or in ``netns``), ``packet`` (the real interface ``name``), ``none``.
    ``ipv4``, ``ipv6``: our address there with its prefix. ``gateway4``, ``gateway6``: the next hop, which of a TAP is the host's
    own side. ``mac`` is ours, ``gateway_mac`` the next hop's: a TAP's own, and of a packet uplink None where it is asked for.
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

    @property
    def addresses(self) -> tuple[IPv4Interface | IPv6Interface, ...]:
        """Ours, those that there are."""
        return tuple(one for one in (self.ipv4, self.ipv6) if one is not None)

    def ours(self, version: int) -> IPv4Interface | IPv6Interface | None:
        """Our address of an IP version."""
        return self.ipv4 if version == 4 else self.ipv6


def uplink_port(network: str) -> str:
    """The name of the port of a network's own uplink; of the lab's for ""."""
    return f"{UPLINK}.{network}" if network else UPLINK


def network_of(port: str) -> str:
    """The network whose own uplink has this port; "" for the lab's."""
    return port.removeprefix(UPLINK).removeprefix(".")
