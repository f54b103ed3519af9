"""The daemon's way out, decided once: a TAP in the host's namespace with a transfer network of each family. Pure.

It keeps clear of Docker's default pools as well, so that all 31 are there for networks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from ipaddress import IPv4Interface, IPv4Network, IPv6Interface, IPv6Network
from itertools import chain
from types import MappingProxyType
from typing import TypeVar

from dataplane.desired.records import State
from dataplane.desired.refused import Refused
from dataplane.desired.surroundings import Surroundings
from dataplane.ipam import default_pools, overlapping
from dataplane.model import IPNetwork
from dataplane.uplink import UPLINK, Uplink
from dataplane.uplinks import mac_of, tap_name, transfer_networks, transfer_networks_ipv6

N = TypeVar("N", IPv4Network, IPv6Network)


def with_way_out(state: State, surroundings: Surroundings) -> State:
    """With an uplink: the one there is, where no network of the daemon's own is in its way. Refused 500: nothing is free."""
    pools = [pool.subnet for network in state.networks.values() for pool in network.pools]
    before = state.uplinks.get(UPLINK)
    if before is not None and not any(overlapping(one.network, pool) for one in before.addresses for pool in pools):
        return state
    name, routes = surroundings.daemon, [route for _, route in surroundings.routes if route.prefixlen]
    four = _first(transfer_networks(), chain(pools, routes, default_pools()))
    six = _first(transfer_networks_ipv6(name), chain(pools, routes))
    ours4, ours6 = IPv4Interface((four[2], four.prefixlen)), IPv6Interface((six[2], six.prefixlen))
    uplink = Uplink(
        kind="tap",
        name=tap_name(name),
        ipv4=ours4,
        ipv6=ours6,
        gateway4=four[1],
        gateway6=six[1],
        mac=mac_of(ours4.ip, name),
        gateway_mac=mac_of(four[1], name),
    )
    return replace(state, uplinks=MappingProxyType({**state.uplinks, UPLINK: uplink}))


def _first(candidates: Iterable[N], taken: Iterable[IPNetwork]) -> N:
    avoid = tuple(taken)
    for one in candidates:
        if not any(overlapping(one, other) for other in avoid):
            return one
    raise Refused(500, "no network is free for the way out: every candidate is routed already", mend="free a /30 of 10.255.0.0/16")
