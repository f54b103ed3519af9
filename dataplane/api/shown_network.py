"""A network as Docker's object."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping

from dataplane.api.times import rfc3339
from dataplane.api.versions import NEWEST, Version
from dataplane.desired.records import ContainerRecord, NetworkRecord, State
from dataplane.model import IPAddress, Pool

SWARM = frozenset({"overlay"})


def scope(network: NetworkRecord) -> str:
    """Docker's overlays are the swarm's; all else is local."""
    return "swarm" if network.driver in SWARM else "local"


def network_object(state: State, network: NetworkRecord, version: Version, *, whole: bool = True) -> dict[str, object]:
    """Lists (not ``whole``) leave the containers out from API 1.28 on; `Status` is HEAD's, and so the newest version's."""
    body: dict[str, object] = {
        "Name": network.name, "Id": network.id, "Created": rfc3339(network.created), "Scope": scope(network),
        "Driver": network.driver,
    }  # fmt: skip
    if version >= (1, 47):
        body["EnableIPv4"] = network.enable_ipv4
    body |= {
        "EnableIPv6": network.enable_ipv6,
        "IPAM": {
            "Driver": network.ipam_driver,
            "Options": None if network.predefined else dict(network.ipam_options),
            "Config": [_pool(pool) for pool in network.pools],
        },
        "Internal": network.internal, "Attachable": network.attachable, "Ingress": False,
        "ConfigFrom": {"Network": network.config_from}, "ConfigOnly": network.config_only,
        "Containers": members(state, network) if whole or version < (1, 28) else {},
        "Options": dict(sorted(network.options.items())), "Labels": dict(sorted(network.labels.items())),
    }  # fmt: skip
    if whole and version >= NEWEST:
        body["Status"] = {"IPAM": {"Subnets": {str(pool.subnet): _use(state, network, pool) for pool in network.pools}}}
    return body


def _pool(pool: Pool) -> dict[str, object]:
    body: dict[str, object] = {"Subnet": str(pool.subnet)}
    if pool.ip_range is not None:
        body["IPRange"] = str(pool.ip_range)
    if pool.gateway is not None:
        body["Gateway"] = str(pool.gateway)
    if pool.aux_addresses:
        body["AuxiliaryAddresses"] = {name: str(address) for name, address in pool.aux_addresses.items()}
    return body


def members(state: State, network: NetworkRecord) -> dict[str, object]:
    """Who is on it now, by the container's id."""
    found: dict[str, object] = {}
    for endpoint in state.endpoints.values():
        if endpoint.network == network.id and endpoint.container in state.containers:
            found[endpoint.container] = {
                "Name": state.containers[endpoint.container].name,
                "EndpointID": endpoint.id,
                "MacAddress": endpoint.endpoint.mac,
                "IPv4Address": with_length(network, endpoint.endpoint.ipv4),
                "IPv6Address": with_length(network, endpoint.endpoint.ipv6),
            }
    for container in unplugged(state, network):
        found.setdefault(container.id, {
            "Name": container.name, "EndpointID": endpoint_id(container, network), "MacAddress": "", "IPv4Address": "",
            "IPv6Address": "",
        })  # fmt: skip
    return dict(sorted(found.items()))


def unplugged(state: State, network: NetworkRecord) -> Iterator[ContainerRecord]:
    """Who runs on `host` or `none`, where Docker has an endpoint and we need none."""
    if network.driver in {"host", "null"}:
        for container in state.containers.values():
            if container.alive and container.network_mode == network.name:
                yield container


def endpoint_id(container: ContainerRecord, network: NetworkRecord) -> str:
    """For an endpoint that only Docker's objects know."""
    return hashlib.sha256(f"{container.id} {network.id} {container.fate.started}".encode()).hexdigest()


def pool_of(network: NetworkRecord, address: IPAddress | None) -> Pool | None:
    """The pool that an address is from."""
    if address is None:
        return None
    return next((pool for pool in network.pools if address.version == pool.subnet.version and address in pool.subnet), None)


def with_length(network: NetworkRecord, address: IPAddress | None) -> str:
    """`10.0.0.2/24`; "" for no address."""
    pool = pool_of(network, address)
    return "" if address is None else str(address) if pool is None else f"{address}/{pool.subnet.prefixlen}"


def _use(state: State, network: NetworkRecord, pool: Pool) -> Mapping[str, int]:
    """HEAD's count: network address and broadcast are in use as well (of IPv6 the subnet-router anycast address)."""
    subnet = pool.subnet
    used: set[IPAddress] = set(pool.aux_addresses.values())
    if pool.gateway is not None:
        used.add(pool.gateway)
    if subnet.num_addresses > 2:
        used.add(subnet.network_address)
        if subnet.version == 4:
            used.add(subnet.broadcast_address)
    for endpoint in state.endpoints.values():
        if endpoint.network == network.id:
            for address in (endpoint.endpoint.ipv4, endpoint.endpoint.ipv6):
                if address is not None and address.version == subnet.version and address in subnet:
                    used.add(address)
    dynamic = pool.ip_range or subnet
    taken = sum(1 for address in used if address in dynamic)
    return {"IPsInUse": len(used), "DynamicIPsAvailable": min(dynamic.num_addresses - taken, 2**64 - 1)}
