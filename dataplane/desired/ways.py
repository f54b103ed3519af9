"""The daemon's way out, decided once: a TAP in the host's namespace with a transfer network of each family. Pure.

It keeps clear of Docker's default pools as well, so that all 31 are there for networks."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Interface, IPv4Network, IPv6Interface
from types import MappingProxyType

from dataplane.desired.pools import part
from dataplane.desired.records import State
from dataplane.desired.refused import Refused
from dataplane.desired.surroundings import Surroundings
from dataplane.ipam import default_pools, overlapping
from dataplane.model import IPNetwork
from dataplane.uplink import UPLINK, Uplink
from dataplane.uplinks import mac_of, tap_name, transfer_networks_ipv6

BLOCKS = tuple(map(IPv4Network, ("10.255.255.0/24", "10.255.0.0/16", "172.31.0.0/16", "192.168.0.0/16")))
"""Where the transfer network is looked for; in default pools only where the first two are full."""


def with_way_out(state: State, surroundings: Surroundings) -> State:
    """With an uplink: the one there is, where no network of the daemon's own is in its way. Refused 500: nothing is free."""
    pools = [pool.subnet for network in state.networks.values() for pool in network.pools]
    before = state.uplinks.get(UPLINK)
    if before is not None and not any(overlapping(one.network, pool) for one in before.addresses for pool in pools):
        return state
    name, avoid = surroundings.daemon, [*pools, *(route for _, route in surroundings.routes if route.prefixlen)]
    four = _ipv4(avoid)
    six = next((one for one in transfer_networks_ipv6(name) if not any(overlapping(one, other) for other in avoid)), None)
    if four is None or six is None:
        words = "no network is free for the way out: every candidate is routed already"
        raise Refused(500, words, mend="leave a /30 of 10.255.0.0/16 free")
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


def _ipv4(avoid: list[IPNetwork]) -> IPv4Network | None:
    for clear_of in ([*avoid, *default_pools()], avoid):
        for block in BLOCKS:
            found = part(block, 30, clear_of)
            if isinstance(found, IPv4Network):
                return found
    return None
