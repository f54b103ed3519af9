"""What each driver allows of a network: its subnets, its gateway, its options. Pure; the words are Docker's."""

from __future__ import annotations

import re
from collections.abc import Iterable

from dataplane.desired.records import NetworkRecord, State
from dataplane.desired.refused import Refused
from dataplane.desired.surroundings import Surroundings
from dataplane.drivers import DRIVERS
from dataplane.errors import UserError
from dataplane.gateways import MODE, gateway
from dataplane.interfaces import PREFIX
from dataplane.model import Network
from dataplane.parents import DRIVERS as PARENTED
from dataplane.parents import is_parented, no_such_parent, require_shareable, wish

WIRED = ("bridge", "macvlan", "ipvlan", "overlay")
"""Drivers that users make networks with."""
SINGLE = ("host", "null")
INTERFACE = re.compile(r"[^\s/:%.\x00-\x1f\x7f][^\s/:%\x00-\x1f\x7f]{0,11}", re.ASCII)
"""What the names of interfaces may begin with: there is room for a number after it."""
BRIDGE_NAME = "com.docker.network.bridge.name"
NO_SWARM = (
    'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.'
)


def require_driver(driver: str, around: Surroundings) -> None:
    """Refused: nobody can make a network with it."""
    if driver in SINGLE:
        raise Refused(403, f'only one instance of "{driver}" network is allowed', mend=f"use the network {_called(driver)}")
    if driver == "overlay" and not around.overlays:
        raise Refused(403, NO_SWARM, mend="there is no swarm here: start the daemon with --data-path-addr and --peer")
    if driver not in WIRED or driver not in DRIVERS:
        known = ", ".join(one for one in WIRED if one in DRIVERS and (one != "overlay" or around.overlays))
        raise Refused(404, f'plugin "{driver}" not found', mend=f"the drivers are {known}")


def _called(driver: str) -> str:
    return "none" if driver == "null" else driver


def has_gateway(record: NetworkRecord, version: int) -> bool:
    """An address is set aside for the network's gateway, where the user gives none: of bridges alone. That of a parent's network is
    somebody else's, and nobody knows it who is not told."""
    return record.driver == "bridge" and not (record.internal and record.options.get(MODE[version]) == "isolated")


def joined(record: NetworkRecord) -> str:
    """The interface of the host whose network this one is part of: its parent; in mode l3 it is one of its own. "" for none."""
    network = network_of(record)
    if not is_parented(network) or record.internal or wish(network).l3:
        return ""
    return record.options.get("parent", "")


def require_possible(state: State, record: NetworkRecord, around: Surroundings) -> None:
    """Refused: its driver cannot make it, or another network has what it needs."""
    network = network_of(record)
    prefix = record.options.get(PREFIX, "eth")
    if not INTERFACE.fullmatch(prefix):
        words = f"failed to parse {PREFIX} value: {prefix} (no interface can be called {prefix}0)"
        raise Refused(400, words, mend=f"{PREFIX}: up to 12 letters and digits")
    try:
        DRIVERS[record.driver](network, ())
        if record.driver == "bridge":
            gateway(network)
    except UserError as error:
        raise Refused(400, error.what, mend=error.mend) from None
    if is_parented(network):
        _require_parent(state, network, around)
    elif record.driver == "bridge":
        _require_own_bridge(record, [one for one in state.networks.values() if one.driver == "bridge"])


def network_of(record: NetworkRecord) -> Network:
    """The record as drivers know networks: by its name."""
    return Network(
        key=record.name,
        name=record.name,
        driver=record.driver,
        internal=record.internal,
        attachable=record.attachable,
        enable_ipv4=record.enable_ipv4,
        enable_ipv6=record.enable_ipv6,
        pools=record.pools,
        options=record.options,
        labels=record.labels,
    )


def bridge_name(record: NetworkRecord) -> str:
    """What Docker would call its interface."""
    return record.options.get(BRIDGE_NAME) or f"br-{record.id[:12]}"


def _require_own_bridge(record: NetworkRecord, others: Iterable[NetworkRecord]) -> None:
    mine = bridge_name(record)
    for other in others:
        if bridge_name(other) == mine:
            raise Refused(
                403,
                f"cannot create network {record.id} ({mine}): conflicts with network {other.id} ({mine}): "
                "networks have same bridge name",
                mend=f"{other.name} has it: leave {BRIDGE_NAME} out",
            )


def _require_parent(state: State, network: Network, around: Surroundings) -> None:
    """On an interface of the host, or a VLAN of one; which others may share, as their drivers and modes have it."""
    asked = wish(network)
    if asked.interface and not asked.netns and asked.interface not in around.links:
        error = no_such_parent(network.options["parent"])
        raise Refused(400, error.what, mend=f"the interfaces of this host are {', '.join(sorted(around.links)) or 'none'}")
    others = {one.name: network_of(one) for one in state.networks.values() if one.driver in PARENTED and not one.config_only}
    every = {**others, network.name: network}
    try:
        require_shareable(every, {key: wish(one) for key, one in every.items()})
    except UserError as error:
        raise Refused(403, error.what, mend=error.mend) from None
