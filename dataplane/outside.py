"""Where a lab touches what is not its own, as plain frozen data: what a way out and an underlay have in common."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface

IPAddress = IPv4Address | IPv6Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """Ours on a network of others. In a Topology what the file says of it; in a Plan all of it, decided.

    ``kind``: how we are there, of which ``tap`` is a TAP in the host's namespace, or in ``netns``, and ``packet`` the real
    interface ``name``. ``ipv4``, ``ipv6``: our address there with its prefix. ``gateway4``, ``gateway6``: the next hop, which of
    a TAP is the host's own side. ``mac`` is ours, ``gateway_mac`` the next hop's: a TAP's own, else None where it is asked for.
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
