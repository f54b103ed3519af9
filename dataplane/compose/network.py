"""A network of the file -> `model.Network`."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from itertools import pairwise
from types import MappingProxyType

from dataplane.compose.addresses import address, no_host, subnet
from dataplane.compose.nodes import At
from dataplane.compose.values import options, pairs
from dataplane.model import IPAddress, IPNetwork, Network, Pool

DRIVERS = {"bridge": "bridge", "host": "host", "none": "none", "null": "none"}
LATER = ("overlay", "macvlan", "ipvlan")


def network(key: str, at: At | None, lab: str) -> Network:
    """The network ``key``; ``at`` None for the implicit ``default``. UserError for what this version cannot make."""
    if at is None or at.value is None:
        return Network(key=key, name=f"{lab}_{key}")
    _not_external(at)
    name = at.get("name")
    enable_ipv4, enable_ipv6 = _flag(at, "enable_ipv4", True), _flag(at, "enable_ipv6", False)
    if not (enable_ipv4 or enable_ipv6):
        raise at.wrong("the network has neither IPv4 nor IPv6", "write enable_ipv6: true, or leave enable_ipv4 out")
    return Network(
        key=key,
        name=name.text() if name else f"{lab}_{key}",
        driver=_driver(at),
        internal=_flag(at, "internal", False),
        attachable=_flag(at, "attachable", False),
        enable_ipv4=enable_ipv4,
        enable_ipv6=enable_ipv6,
        pools=_pools(at, {4: enable_ipv4, 6: enable_ipv6}),
        options=options(at.get("driver_opts")),
        labels=pairs(at.get("labels")),
    )


def _flag(at: At, key: str, default: bool) -> bool:
    entry = at.get(key)
    return default if entry is None else entry.boolean()


def _not_external(at: At) -> None:
    external = at.get("external")
    if external is not None and (isinstance(external.value, Mapping) or external.boolean()):
        raise external.wrong("a network made outside the lab cannot be joined yet", "remove external: the lab then makes its own")


def _driver(at: At) -> str:
    written = at.get("driver")
    if written is None:
        return "bridge"
    name = written.text()
    if name in LATER:
        raise written.wrong(f'the driver "{name}" is from a later version', "write driver: bridge, or leave it out")
    if name not in DRIVERS:
        near = get_close_matches(name[:100], [*DRIVERS, *LATER], 1)
        raise written.wrong(
            f'there is no driver "{name}"', f'did you mean "{near[0]}"?' if near else "write driver: bridge, or leave it out"
        )
    return DRIVERS[name]


def _pools(at: At, enabled: Mapping[int, bool]) -> tuple[Pool, ...]:
    ipam = at.get("ipam")
    config = ipam.get("config") if ipam else None
    pools: list[Pool] = []
    for entry in config.elements() if config else ():
        pool = _pool(entry)
        version = pool.subnet.version
        if not enabled[version]:
            raise entry.wrong(
                f"the subnet {pool.subnet} is IPv{version}, and the network is not",
                f"write enable_ipv{version}: true on the network",
            )
        if any(other.subnet.version == version for other in pools):
            raise entry.wrong(
                f"a bridge has one IPv{version} subnet, and {pool.subnet} is the second", "make a second network for it"
            )
        pools.append(pool)
    return tuple(pools)


def _pool(at: At) -> Pool:
    written = at.get("subnet")
    if written is None:
        raise at.wrong("the subnet is missing", "write subnet: 10.0.0.0/24 beside it")
    inside = subnet(written)
    if inside.prefixlen > inside.max_prefixlen - 1:
        raise written.wrong(f"the subnet {inside} has room for one address only", "make it larger")

    if inside.is_multicast or inside.is_loopback or inside.network_address.is_unspecified:
        raise written.wrong(f"no interface may have an address of {inside}", "choose a private subnet: 10.0.0.0/24, or fd00::/64")

    def member(entry: At) -> IPAddress:
        parsed = address(entry)
        if parsed not in inside:
            raise entry.wrong(f"{parsed} is outside the subnet {inside}", "choose an address inside it")
        return parsed

    def host(entry: At) -> IPAddress:
        parsed = member(entry)
        if parsed in no_host(inside):
            raise entry.wrong(f"{parsed} is the subnet's own or its broadcast address", "choose another address")
        return parsed

    gateway, ip_range, auxiliary = at.get("gateway"), at.get("ip_range"), at.get("aux_addresses")
    within = subnet(ip_range) if ip_range else None
    if ip_range and within and not (within.version == inside.version and within.subnet_of(inside)):  # type: ignore[arg-type]
        raise ip_range.wrong(f"the range {within} is not part of the subnet {inside}", "choose a range inside it")
    return Pool(
        subnet=inside,
        gateway=host(gateway) if gateway else None,
        ip_range=within,
        aux_addresses=MappingProxyType({name: member(entry) for name, entry in auxiliary.items()} if auxiliary else {}),
    )


def check_networks(networks: Mapping[str, Network], at: At) -> None:
    """UserError when two networks have one name, or subnets that overlap (dockerd refuses both); both are named."""
    owners: dict[str, str] = {}
    pools: list[tuple[IPNetwork, str]] = []
    for key, one in networks.items():
        owner = owners.setdefault(one.name, key)
        if owner != key:
            raise (at.get(key) or at).wrong(f'the networks "{owner}" and "{key}" have one name, "{one.name}"', "change one of them")
        pools += [(pool.subnet, key) for pool in one.pools]
    pools.sort(key=lambda pool: (pool[0].version, int(pool[0].network_address), pool[0].prefixlen))
    # Sorted so, a subnet that overlaps any other also overlaps the one before or after it.
    for (earlier, owner), (subnet, key) in pairwise(pools):
        if earlier.version == subnet.version and earlier.overlaps(subnet):
            raise (at.get(key) or at).wrong(
                f'its subnet {subnet} overlaps {earlier} of the network "{owner}"', "change one of them"
            )
