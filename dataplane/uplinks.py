"""The ways out of a lab, decided: of what kind, with which addresses and MACs, clear of all that is routed already. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface, IPv6Network
from itertools import combinations, product
from types import MappingProxyType
from typing import TypeVar

from dataplane.errors import UserError
from dataplane.gateways import leads_out
from dataplane.ipam import overlapping, ula_pools
from dataplane.model import IPAddress, IPNetwork, Network, Topology
from dataplane.uplink import UPLINK, Uplink, network_of, uplink_port

LONGEST = 15  # IFNAMSIZ less the final zero
PREFIX = "dp-"
NOTHING: Mapping[str, Uplink] = MappingProxyType({})
N = TypeVar("N", IPv4Network, IPv6Network)


def decided(
    topology: Topology,
    networks: Mapping[str, Network],
    occupied: Iterable[IPNetwork],
    *,
    previous: Mapping[str, Uplink] = NOTHING,
    way_out: bool | None = None,
) -> Mapping[str, Uplink]:
    """The uplinks with every address decided, by the names of their ports, the lab's first. `way_out`: see `plan.make_plan`.

    Errors: UserError where one is in the way of another, or of a network."""
    elsewhere, found = tuple(occupied), dict[str, Uplink]()
    wanted = {port: uplink for port, uplink in _wanted(topology, networks, way_out).items() if uplink.kind != "none"}
    for port, written in wanted.items():
        _require_clear(topology, port, written, networks)
    pools = [pool.subnet for network in networks.values() for pool in network.pools]
    for port, written in wanted.items():
        others = [one.network for name, uplink in (wanted | found).items() if name != port for one in uplink.addresses]

        def free(subnet: IPNetwork, new: bool, others: list[IPNetwork] = others) -> bool:
            return not any(overlapping(subnet, one) for one in (*pools, *others, *(elsewhere if new else ())))

        versions: set[int] = {pool.subnet.version for one in leaving(port, networks) if leads_out(one) for pool in one.pools} or {4}
        before = previous.get(port, Uplink())
        wish = _Wish(topology.name, port, written, before if before.kind == "tap" else Uplink(), versions)
        found[port] = _decided(wish, free)
    _require_apart(topology, found, networks)
    return MappingProxyType(found)


def leaving(port: str, networks: Mapping[str, Network]) -> list[Network]:
    """The networks that leave by the uplink of that port."""
    own = network_of(port)
    return [network for key, network in networks.items() if (key == own if own else network.uplink is None)]


def _wanted(topology: Topology, networks: Mapping[str, Network], way_out: bool | None) -> dict[str, Uplink]:
    """Those that the file writes, and the lab's where something needs it."""
    wanted: dict[str, Uplink] = {}
    lab, shared = topology.uplink, leaving(UPLINK, networks)
    if lab is None and way_out is not False and (shared or not networks):
        keys = {network.key for network in shared}
        publishes = any(
            service.ports and (not networks or any(attachment.network in keys for attachment in service.attachments))
            for service in topology.services.values()
        )
        if publishes or (way_out and any(map(leads_out, shared))):
            lab = Uplink()
    if lab is not None:
        wanted[UPLINK] = lab
    if way_out is not False:
        wanted |= {uplink_port(key): network.uplink for key, network in networks.items() if network.uplink is not None}
    return wanted


@dataclass(frozen=True, slots=True)
class _Wish:
    """What the file writes of the uplink of that port, and what it was before. ``versions``: those that its networks have."""

    lab: str
    port: str
    written: Uplink
    previous: Uplink
    versions: Collection[int]


def _decided(wish: _Wish, free: Callable[[IPNetwork, bool], bool]) -> Uplink:
    uplink, name = wish.written, f"{wish.lab} {wish.port}"
    tap = uplink.kind == "tap"
    if tap:
        uplink = _addressed(wish, free)
    mac = uplink.mac or mac_of(uplink.ipv4 or uplink.ipv6, name)
    gateway_mac = uplink.gateway_mac
    if tap:
        gateway_mac = gateway_mac or mac_of(uplink.gateway4 or uplink.gateway6, f"{name} gateway")
    return replace(uplink, name=uplink.name or tap_name(wish.lab, network_of(wish.port)), mac=mac, gateway_mac=gateway_mac)


def tap_name(lab: str, network: str = "") -> str:
    """``dp-LAB``, ``dp-LAB.NETWORK``, or as much of it as an interface's name holds, and a mark that tells it from others."""
    name = f"{PREFIX}{lab}.{network}" if network else f"{PREFIX}{lab}"
    if len(name) <= LONGEST:
        return name
    return f"{name[: LONGEST - 5]}-{hashlib.sha256(name.removeprefix(PREFIX).encode()).hexdigest()[:4]}"


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


def _addressed(wish: _Wish, free: Callable[[IPNetwork, bool], bool]) -> Uplink:
    """With a transfer network for each of the versions: the host's side gets its first address, we the second."""
    written, previous, port = wish.written, wish.previous, wish.port
    four, six = written.ipv4, written.ipv6
    if four is None and 4 in wish.versions:
        if previous.ipv4 is not None and free(previous.ipv4.network, False):
            four = previous.ipv4
        else:
            four = IPv4Interface((_first(transfer_networks(), free, port)[2], 30))
    if six is None and 6 in wish.versions:
        if previous.ipv6 is not None and free(previous.ipv6.network, False):
            six = previous.ipv6
        else:
            six = IPv6Interface((_first(transfer_networks_ipv6(wish.lab), free, port)[2], 126))
    return replace(
        written,
        ipv4=four,
        ipv6=six,
        gateway4=written.gateway4 or (IPv4Address(_other(four)) if four else None),
        gateway6=written.gateway6 or (IPv6Address(_other(six)) if six else None),
    )


def _first(candidates: Iterable[N], free: Callable[[IPNetwork, bool], bool], port: str) -> N:
    for one in candidates:
        if free(one, True):
            return one
    raise UserError(
        f"no network is free for {_called(port)}: every candidate is routed already",
        mend="write one: x-dataplane: {uplink: {address: 198.18.0.2/30}}",
    )


def _other(ours: IPv4Interface | IPv6Interface) -> int:
    """The lowest address of the subnet that a host may have and that is not ours."""
    first = int(ours.network.network_address) + (ours.network.prefixlen < ours.max_prefixlen - 1)
    return first if first != int(ours) else first + 1


def _called(port: str) -> str:
    return f"the uplink of the network {network_of(port)!r}" if network_of(port) else "the uplink"


def _its(port: str) -> str:
    return f"{_called(port)}'s" if port == UPLINK else f"{port}'s"


def _place(topology: Topology, port: str) -> str:
    return f"{topology.source}: {f'networks.{network_of(port)}.' if network_of(port) else ''}x-dataplane.{UPLINK}"


def _require_clear(topology: Topology, port: str, written: Uplink, networks: Mapping[str, Network]) -> None:
    for key, network in networks.items():
        for pool in network.pools:
            for address in written.addresses:
                if overlapping(address.network, pool.subnet):
                    raise UserError(
                        f"{_its(port)} network {address.network} overlaps {pool.subnet} of the network {key!r}",
                        where=_place(topology, port),
                        mend="give one of the two another subnet",
                    )


def _require_apart(topology: Topology, found: Mapping[str, Uplink], networks: Mapping[str, Network]) -> None:
    """One router is on the networks of all of them, and an interface of the host is one uplink's."""
    for (one, first), (two, second) in combinations(found.items(), 2):
        for ours, theirs in product(first.addresses, second.addresses):
            if overlapping(ours.network, theirs.network):
                raise UserError(
                    f"{_its(two)} network {theirs.network} overlaps {ours.network} of {_called(one)}",
                    where=_place(topology, two),
                    mend="give one of the two another subnet",
                )
        if (first.name, first.netns) == (second.name, second.netns):
            raise UserError(
                f"{_called(two)} has the interface {second.name}, which is that of {_called(one)} already",
                where=f"{_place(topology, two)}.name",
                mend="give it another",
            )
    for outside, inside in topology.nat.static:
        for port in found:
            if network_of(port) and any(inside in pool.subnet for one in leaving(port, networks) for pool in one.pools):
                raise UserError(
                    f"{inside} does not leave by the lab's uplink, where {outside} is one to one with it",
                    where=f"{topology.source}: x-dataplane.nat.static",
                    mend=f"remove it, or the uplink of the network {network_of(port)!r}",
                )
