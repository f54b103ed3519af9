"""What the host has: addresses, subnets that are spoken for, interfaces. Read by netlink (rtnetlink(7))."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from ipaddress import ip_interface, ip_network
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from dataplane.model import IPAddress, IPNetwork

if TYPE_CHECKING:
    from pyroute2 import IPRoute

_SCOPE_LINK, _SCOPE_HOST = 253, 254
_MAIN = 254
_UNICAST = 1


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

    def occupied(self, tap: str = "") -> tuple[IPNetwork, ...]:
        """Subnets that the host knows a way to, but for default routes and those through our own TAP."""
        return tuple(network for name, network in self.routes if network.prefixlen and name != tap)


def read(ip: IPRoute) -> Facts:
    """Ask the namespace that ``ip`` works in."""
    names = {link["index"]: str(link.get("ifname")) for link in ip.get_links()}
    addresses: dict[str, tuple[IPAddress, ...]] = dict.fromkeys(names.values(), ())
    for item in ip.get_addr():
        text = item.get("local") or item.get("address")
        name = names.get(item["index"])
        if text and name:
            addresses[name] = (*addresses[name], ip_interface(text).ip)
    routes = [found for item in ip.get_routes() if (found := _route(item, names)) is not None]
    return Facts(addresses=MappingProxyType(addresses), routes=tuple(routes))


def _route(item: Any, names: Mapping[int, str]) -> tuple[str, IPNetwork] | None:
    if item.get("type") != _UNICAST or item.get("table", _MAIN) != _MAIN or not item.get("dst"):
        return None
    network = ip_network(f"{item.get('dst')}/{item['dst_len']}", strict=False)
    if network.is_link_local or network.is_multicast:
        return None
    return names.get(item.get("oif") or 0, ""), network
