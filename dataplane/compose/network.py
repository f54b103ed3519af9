"""A network of the file -> `model.Network`."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from itertools import pairwise

from dataplane.compose.addresses import mac
from dataplane.compose.keys import OURS
from dataplane.compose.nodes import At
from dataplane.compose.pools import pools
from dataplane.compose.underlay import of_network
from dataplane.compose.uplink import uplink
from dataplane.compose.values import options, pairs
from dataplane.gateways import WITHOUT
from dataplane.model import IPNetwork, Network
from dataplane.underlay import Underlay
from dataplane.uplink import Uplink

DRIVERS = {
    "bridge": "bridge",
    "overlay": "overlay",
    "macvlan": "macvlan",
    "ipvlan": "ipvlan",
    "host": "host",
    "none": "none",
    "null": "none",
}


def network(key: str, at: At | None, lab: str, below: Underlay | None = None) -> Network:
    """The network ``key``; ``at`` None for the implicit ``default``. ``below``: the lab's underlay.

    UserError for what this version cannot make."""
    if at is None or at.value is None:
        return Network(key=key, name=f"{lab}_{key}")
    _not_external(at)
    name = at.get("name")
    enable_ipv4, enable_ipv6 = _flag(at, "enable_ipv4", True), _flag(at, "enable_ipv6", False)
    if not (enable_ipv4 or enable_ipv6):
        raise at.wrong("the network has neither IPv4 nor IPv6", "write enable_ipv6: true, or leave enable_ipv4 out")
    driver, ours = _driver(at), at.get(OURS)
    own, peers = of_network(ours.get("underlay") if ours else None, driver, below)
    return Network(
        key=key,
        name=name.text() if name else f"{lab}_{key}",
        driver=driver,
        internal=_flag(at, "internal", False),
        attachable=_flag(at, "attachable", False),
        enable_ipv4=enable_ipv4,
        enable_ipv6=enable_ipv6,
        pools=pools(at, {4: enable_ipv4, 6: enable_ipv6}, several=driver in {"macvlan", "ipvlan"}),
        options=options(at.get("driver_opts")),
        labels=pairs(at.get("labels")),
        gateway_mac=_gateway_mac(ours, driver),
        uplink=_uplink(ours, driver, internal=_flag(at, "internal", False)),
        underlay=own,
        peers=peers,
    )


def _gateway_mac(ours: At | None, driver: str) -> str | None:
    written = ours.get("gateway_mac") if ours else None
    if written is not None and driver == "overlay":
        raise written.wrong("an overlay has no gateway of its own", "remove it; services leave by another network")
    if written is not None and driver in WITHOUT:
        raise written.wrong(f"the gateway of a network of driver {driver} is somebody outside", "remove it")
    return mac(written) if written else None


def _uplink(ours: At | None, driver: str, *, internal: bool) -> Uplink | None:
    written = ours.get("uplink") if ours else None
    if written is None:
        return None
    if driver != "bridge":
        raise written.wrong(f"a network of driver {driver} has no gateway, and so no uplink", "remove it, or write driver: bridge")
    found = uplink(written)
    if internal and found is not None and found.kind != "none":
        raise written.wrong("nothing leaves an internal network", "remove the uplink, or internal")
    return found


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
    if name not in DRIVERS:
        near = get_close_matches(name[:100], [*DRIVERS], 1)
        raise written.wrong(
            f'there is no driver "{name}"', f'did you mean "{near[0]}"?' if near else "write driver: bridge, or leave it out"
        )
    return DRIVERS[name]


def check_networks(networks: Mapping[str, Network], at: At) -> None:
    """UserError when two networks have one name, or subnets that overlap (dockerd refuses both); both are named."""
    owners: dict[str, str] = {}
    subnets: list[tuple[IPNetwork, str]] = []
    for key, one in networks.items():
        owner = owners.setdefault(one.name, key)
        if owner != key:
            raise (at.get(key) or at).wrong(f'the networks "{owner}" and "{key}" have one name, "{one.name}"', "change one of them")
        subnets += [(pool.subnet, key) for pool in one.pools]
    subnets.sort(key=lambda one: (one[0].version, int(one[0].network_address), one[0].prefixlen))
    # Sorted so, a subnet that overlaps any other also overlaps the one before or after it.
    for (earlier, owner), (subnet, key) in pairwise(subnets):
        if earlier.version == subnet.version and earlier.overlaps(subnet):
            raise (at.get(key) or at).wrong(
                f'its subnet {subnet} overlaps {earlier} of the network "{owner}"', "change one of them"
            )
