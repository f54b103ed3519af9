"""``ipam.config`` of a network -> `model.Pool`s."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from dataplane.compose.addresses import address, no_host, subnet
from dataplane.compose.nodes import At
from dataplane.model import IPAddress, Pool


def pools(at: At, enabled: Mapping[int, bool], *, several: bool = False) -> tuple[Pool, ...]:
    """The pools of the network at ``at``, one a family at most, or ``several``. ``enabled``: by IP version, whether the network has
    it."""
    ipam = at.get("ipam")
    config = ipam.get("config") if ipam else None
    found: list[Pool] = []
    for entry in config.elements() if config else ():
        pool = _pool(entry)
        version = pool.subnet.version
        if not enabled[version]:
            raise entry.wrong(
                f"the subnet {pool.subnet} is IPv{version}, and the network is not",
                f"write enable_ipv{version}: true on the network",
            )
        if not several and any(other.subnet.version == version for other in found):
            raise entry.wrong(
                f"a bridge has one IPv{version} subnet, and {pool.subnet} is the second", "make a second network for it"
            )
        found.append(pool)
    return tuple(found)


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
