"""What a network's options say of its gateway, which addresses the gateway has, and where instances send what leaves. Pure.

Options of a bridge network (``driver_opts``), with Docker's words for bad values:

    com.docker.network.bridge.gateway_mode_ipv4    nat (default), nat-unprotected, routed, isolated (internal networks only)
    com.docker.network.bridge.gateway_mode_ipv6    the same; where it is absent routed, with ports published all the same
    com.docker.network.bridge.enable_ip_masquerade false: what leaves keeps its source address
    com.docker.network.bridge.host_binding_ipv4    the host's address that ports are published on where they name none
    com.docker.network.host_ipv4, …host_ipv6       what leaves has this source address
    com.docker.network.bridge.inhibit_ipv4         true: the gateway has no IPv4 address; another machine may have it
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface

from dataplane.errors import UserError
from dataplane.model import EMPTY, DefaultRoute, Endpoint, IPAddress, Network
from dataplane.options import boolean
from dataplane.parents import is_parented, wish

WITHOUT = frozenset({"overlay", "macvlan", "ipvlan"})
"""Drivers whose networks have no gateway of ours."""
MODES = ("nat", "nat-unprotected", "routed", "isolated")
MODE = {4: "com.docker.network.bridge.gateway_mode_ipv4", 6: "com.docker.network.bridge.gateway_mode_ipv6"}
MASQUERADE = "com.docker.network.bridge.enable_ip_masquerade"
BINDING = "com.docker.network.bridge.host_binding_ipv4"
SOURCE = {4: "com.docker.network.host_ipv4", 6: "com.docker.network.host_ipv6"}
INHIBIT = "com.docker.network.bridge.inhibit_ipv4"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """A network's gateway, by IP version. ``addresses``: its own. ``modes``: Docker's gateway modes. ``masquerade``: the source of
    what leaves is translated, ``sources``: to this. ``publishes``: the host's ports lead to endpoints. ``binding``: see above."""

    addresses: Mapping[int, IPv4Interface | IPv6Interface]
    modes: Mapping[int, str]
    masquerade: Mapping[int, bool]
    sources: Mapping[int, IPAddress]
    publishes: Mapping[int, bool]
    binding: IPAddress | None


def gateway(network: Network) -> Gateway:
    """Read a network whose pools are decided. Errors: UserError for values that cannot be.

    Options of bridges mean nothing on a network without a gateway of ours, whatever is written there: Docker takes them as well."""
    if network.driver in WITHOUT:
        network = replace(network, options=EMPTY)
    options = network.options
    modes = {4: _mode(network, 4, "nat"), 6: _mode(network, 6, "routed")}
    inhibit, masquerade = boolean(options, INHIBIT, False), boolean(options, MASQUERADE, True)
    binding = _address(network, BINDING)
    sources = {version: _address(network, key, version) for version, key in SOURCE.items()}
    translated = {4: modes[4].startswith("nat"), 6: modes[6].startswith("nat")}
    return Gateway(
        addresses={
            pool.subnet.version: _interface(pool.gateway, pool.subnet.prefixlen)
            for pool in network.pools
            if pool.gateway
            and network.driver not in WITHOUT
            and modes[pool.subnet.version] != "isolated"
            and not (inhibit and pool.subnet.version == 4)
        },
        modes=modes,
        masquerade={version: masquerade and translated[version] and not network.internal for version in (4, 6)},
        sources={version: address for version, address in sources.items() if address is not None},
        publishes={4: translated[4], 6: translated[6] or MODE[6] not in options},
        binding=None if binding is None or binding.is_unspecified else binding,
    )


@lru_cache(maxsize=4096)
def _interface(address: IPAddress, length: int) -> IPv4Interface | IPv6Interface:
    """Kept: every change asks for every network's, and an interface of `ipaddress` takes 25 us to make."""
    return ipaddress.ip_interface(f"{address}/{length}")


def leads_out(network: Network) -> bool:
    """Whether a way out of the lab is any use to the network."""
    return network.driver == "bridge" and not network.internal


def default_routes(endpoints: Iterable[Endpoint], networks: Mapping[str, Network]) -> tuple[DefaultRoute, ...]:
    """One a family, through the first network in Docker's order that has a gateway of the family (libnetwork's ``Less``): higher
    gw_priority, not internal, gateways of both families before one, the network's name."""

    known: dict[str, list[int]] = {}

    def versions(network: Network) -> list[int]:
        if network.key not in known:
            known[network.key] = read(network)
        return known[network.key]

    def read(network: Network) -> list[int]:
        if network.internal and is_parented(network):
            return []
        if network.driver == "ipvlan" and wish(network).l3:
            return [pool.subnet.version for pool in network.pools]
        modes = gateway(network).modes
        return [pool.subnet.version for pool in network.pools if pool.gateway and modes[pool.subnet.version] != "isolated"]

    def order(endpoint: Endpoint) -> tuple[int, bool, int, str]:
        network = networks[endpoint.network]
        return -endpoint.gw_priority, network.internal, -len(versions(network)), network.name

    routes: dict[int, DefaultRoute] = {}
    for endpoint in sorted(endpoints, key=order):
        for version, address in ((4, endpoint.ipv4), (6, endpoint.ipv6)):
            if version not in routes and version in versions(networks[endpoint.network]):
                found = _next_hop(address, version, networks[endpoint.network])
                if found is not None:
                    routes[version] = DefaultRoute(port=endpoint.port, interface=endpoint.interface, gateway=found)
    return tuple(routes[version] for version in sorted(routes))


def _next_hop(address: IPAddress | None, version: int, network: Network) -> IPAddress | None:
    """The gateway of the address's own subnet: a network may have several of a family. Of ipvlan in mode l3 none, which is said by
    the unspecified address."""
    if network.driver == "ipvlan" and wish(network).l3:
        return IPv4Address(0) if version == 4 else IPv6Address(0)
    own = (pool for pool in network.pools if pool.subnet.version == version and (address is None or address in pool.subnet))
    return next((pool.gateway for pool in own if pool.gateway is not None), None)


def _mode(network: Network, version: int, default: str) -> str:
    mode = network.options.get(MODE[version], default)
    if mode not in MODES:
        raise _unparsed(MODE[version], mode, f"unknown gateway mode {mode}", f"one of {', '.join(MODES)}")
    if mode == "isolated" and not network.internal:
        raise UserError(
            "gateway mode 'isolated' can only be used for an internal network",
            mend="make the network internal, or choose another mode",
        )
    return mode


def _address(network: Network, key: str, version: int | None = None) -> IPAddress | None:
    text = network.options.get(key)
    if text is None:
        return None
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        raise _unparsed(key, text, "nil ip", "an address of the host, as 192.0.2.5") from None
    if version is not None and address.version != version:
        raise _unparsed(key, text, f"not an IPv{version} address", f"an IPv{version} address of the host")
    return address


def _unparsed(key: str, text: str, why: str, wanted: str) -> UserError:
    return UserError(f"failed to parse {key} value: {text} ({why})", mend=f"{key} takes {wanted}")
