"""What the host has: addresses, subnets that are spoken for, interfaces. Read by netlink (rtnetlink(7))."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from dataplane.hostnet.wire import HostWire
from dataplane.model import IPAddress, IPNetwork


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """``addresses`` by interface, with those of lo and of scope link. ``routes``: destinations of the main table, by interface."""

    addresses: Mapping[str, tuple[IPAddress, ...]]
    routes: tuple[tuple[str, IPNetwork], ...]

    def without(self, interfaces: Collection[str]) -> Facts:
        """As if these interfaces, which are ours, were not there."""
        addresses = {name: found for name, found in self.addresses.items() if name not in interfaces}
        return Facts(addresses=addresses, routes=tuple(one for one in self.routes if one[0] not in interfaces))

    def local(self, tap: str = "") -> tuple[str, ...]:
        """Addresses at which the host can be reached by others, sorted: not those of lo, of scope link, or of the uplink's TAP."""
        found = {
            address
            for name, addresses in self.addresses.items()
            if name not in {"lo", tap}
            for address in addresses
            if not address.is_link_local
        }
        return tuple(str(address) for address in sorted(found, key=lambda one: (one.version, int(one))))

    def interfaces(self, version: int, tap: str) -> tuple[str, ...]:
        """By which the lab reaches others and they it: all with an address outside their link but lo and our own TAP."""
        return tuple(
            name
            for name, addresses in self.addresses.items()
            if name not in {"lo", tap} and any(a.version == version and not a.is_link_local for a in addresses)
        )

    def beyond(self, tap: str) -> tuple[IPNetwork, ...]:
        """Subnets behind our own TAP, less those that its addresses are in."""
        own = self.addresses.get(tap, ())
        return tuple(network for name, network in self.routes if name == tap and not any(one in network for one in own))

    def occupied(self, tap: str = "") -> tuple[IPNetwork, ...]:
        """Subnets that the host knows a way to, but for default routes and those through our own TAP."""
        return tuple(network for name, network in self.routes if network.prefixlen and name != tap)


def read(wire: HostWire) -> Facts:
    """Ask the namespace that ``wire`` works in."""
    names = {index: name for index, name, _alias, _mtu in wire.links()}
    addresses: dict[str, tuple[IPAddress, ...]] = dict.fromkeys(names.values(), ())
    for index, address in wire.addresses():
        if (name := names.get(index)) is not None:
            addresses[name] = (*addresses[name], address)
    routes = ((names.get(index, ""), network) for index, network in wire.routes())
    return Facts(
        addresses=MappingProxyType(addresses),
        routes=tuple((name, one) for name, one in routes if not one.is_link_local and not one.is_multicast),
    )
