"""The lab's way out, decided: what kind, which addresses and MACs it has, clear of all that is routed already. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface, IPv6Network
from typing import TypeVar

from dataplane.errors import UserError
from dataplane.gateways import leads_out
from dataplane.ipam import overlapping, ula_pools
from dataplane.model import IPAddress, IPNetwork, Network, Topology, Uplink

LONGEST = 15  # IFNAMSIZ less the final zero
PREFIX = "dp-"
N = TypeVar("N", IPv4Network, IPv6Network)


def decided(
    topology: Topology,
    networks: Mapping[str, Network],
    occupied: Iterable[IPNetwork],
    *,
    previous: Uplink | None = None,
    way_out: bool | None = None,
) -> Uplink | None:
    """The uplink with every address decided; None: the lab has no way out. `way_out`: see `plan.make_plan`. Errors: UserError."""
    written = topology.uplink
    if written is None:
        publishes = any(service.ports for service in topology.services.values())
        needs = any(map(leads_out, networks.values()))
        if way_out is False or not (publishes or (way_out and needs)):
            return None
        written = Uplink()
    if written.kind == "none":
        return None
    _require_clear(topology, written, networks)
    uplink = written
    if written.kind == "tap":
        pools, elsewhere = [pool.subnet for network in networks.values() for pool in network.pools], tuple(occupied)

        def free(subnet: IPNetwork, new: bool) -> bool:
            return not any(overlapping(subnet, one) for one in (*pools, *(elsewhere if new else ())))

        versions: set[int] = {
            pool.subnet.version for network in networks.values() if leads_out(network) for pool in network.pools
        } or {4}
        before = previous if previous is not None and previous.kind == "tap" else Uplink()
        uplink = _addressed(topology.name, written, versions, before, free)
    mac = uplink.mac or mac_of(uplink.ipv4 or uplink.ipv6, f"{topology.name} uplink")
    gateway_mac = uplink.gateway_mac
    if uplink.kind == "tap":
        gateway_mac = gateway_mac or mac_of(uplink.gateway4 or uplink.gateway6, f"{topology.name} uplink gateway")
    return replace(uplink, name=uplink.name or tap_name(topology.name), mac=mac, gateway_mac=gateway_mac)


def tap_name(lab: str) -> str:
    """``dp-LAB``, or as much of it as an interface's name holds, and a mark that tells it from others that begin so."""
    name = f"{PREFIX}{lab}"
    if len(name) <= LONGEST:
        return name
    return f"{name[: LONGEST - 5]}-{hashlib.sha256(lab.encode()).hexdigest()[:4]}"


def mac_of(address: IPAddress | None, name: str) -> str:
    """02:42 and the IPv4 address; else a hash of the name."""
    octets = address.packed if isinstance(address, IPv4Address) else hashlib.sha256(f"dataplane mac {name}".encode()).digest()[:4]
    return f"02:42:{octets.hex(':')}"


def transfer_networks() -> Iterator[IPv4Network]:
    """Every /30 of 172.31.255.0/24, then of the /24 below, and so on; then the same of 192.168.0.0/16 and 10.255.0.0/16."""
    for block in ("172.31.0.0/16", "192.168.0.0/16", "10.255.0.0/16"):
        for subnet in reversed(list(IPv4Network(block).subnets(new_prefix=24))):
            yield from subnet.subnets(new_prefix=30)


def transfer_networks_ipv6(lab: str) -> Iterator[IPv6Network]:
    """A /126 in each /64 of the lab's own Unique Local prefix, from the last one downwards, so far from the networks' own."""
    base = int(next(ula_pools(lab)).network_address)
    for subnet in range(0xFFFF, 0, -1):
        yield IPv6Network((base | subnet << 64, 126))


def _addressed(lab: str, written: Uplink, versions: set[int], previous: Uplink, free: Callable[[IPNetwork, bool], bool]) -> Uplink:
    """With a transfer network for each of the versions: the host's side gets its first address, we the second."""
    four, six = written.ipv4, written.ipv6
    if four is None and 4 in versions:
        if previous.ipv4 is not None and free(previous.ipv4.network, False):
            four = previous.ipv4
        else:
            four = IPv4Interface((_first(transfer_networks(), free)[2], 30))
    if six is None and 6 in versions:
        if previous.ipv6 is not None and free(previous.ipv6.network, False):
            six = previous.ipv6
        else:
            six = IPv6Interface((_first(transfer_networks_ipv6(lab), free)[2], 126))
    return replace(
        written,
        ipv4=four,
        ipv6=six,
        gateway4=written.gateway4 or (IPv4Address(_other(four)) if four else None),
        gateway6=written.gateway6 or (IPv6Address(_other(six)) if six else None),
    )


def _first(candidates: Iterable[N], free: Callable[[IPNetwork, bool], bool]) -> N:
    for one in candidates:
        if free(one, True):
            return one
    raise UserError(
        "no network is free for the uplink: every candidate is routed already",
        mend="write one: x-dataplane: {uplink: {address: 198.18.0.2/30}}",
    )


def _other(ours: IPv4Interface | IPv6Interface) -> int:
    """The lowest address of the subnet that a host may have and that is not ours."""
    first = int(ours.network.network_address) + (ours.network.prefixlen < ours.max_prefixlen - 1)
    return first if first != int(ours) else first + 1


def _require_clear(topology: Topology, written: Uplink, networks: Mapping[str, Network]) -> None:
    for key, network in networks.items():
        for pool in network.pools:
            for address in (written.ipv4, written.ipv6):
                if address is not None and overlapping(address.network, pool.subnet):
                    raise UserError(
                        f"the uplink's network {address.network} overlaps {pool.subnet} of the network {key!r}",
                        where=f"{topology.source}: x-dataplane.uplink",
                        mend="give one of the two another subnet",
                    )
