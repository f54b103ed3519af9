"""What each driver allows of a network: its subnets, its gateway, its options. Pure; the words are Docker's."""

from __future__ import annotations

from collections.abc import Iterable

from dataplane.desired.records import NetworkRecord, State
from dataplane.desired.refused import Refused
from dataplane.desired.surroundings import Surroundings
from dataplane.drivers import DRIVERS
from dataplane.errors import UserError
from dataplane.gateways import MODE, gateway
from dataplane.model import Network

WIRED = ("bridge", "macvlan", "ipvlan", "overlay")
"""Drivers that users make networks with."""
SINGLE = ("host", "null")
BRIDGE_NAME = "com.docker.network.bridge.name"
NO_SWARM = (
    'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.'
)


def require_driver(driver: str) -> None:
    """Refused: nobody can make a network with it."""
    if driver in SINGLE:
        raise Refused(403, f'only one instance of "{driver}" network is allowed', mend=f"use the network {_called(driver)}")
    if driver == "overlay":
        raise Refused(403, NO_SWARM, mend="overlays of this version are made in a lab's file: dataplane up")
    if driver not in WIRED or driver not in DRIVERS:
        known = ", ".join(one for one in WIRED if one in DRIVERS and one != "overlay")
        raise Refused(404, f'plugin "{driver}" not found', mend=f"the drivers are {known}")


def _called(driver: str) -> str:
    return "none" if driver == "null" else driver


def has_gateway(record: NetworkRecord, version: int) -> bool:
    """An address is set aside for the network's gateway, where the user gives none."""
    if record.driver == "bridge":
        return not (record.internal and record.options.get(MODE[version]) == "isolated")
    if record.driver == "macvlan":
        return not record.internal
    if record.driver == "ipvlan":
        return not record.internal and record.options.get("ipvlan_mode", "l2") == "l2"
    return False


def require_possible(state: State, record: NetworkRecord, around: Surroundings) -> None:
    """Refused: its driver cannot make it, or another network has what it needs."""
    try:
        DRIVERS[record.driver](network_of(record), ())
        if record.driver == "bridge":
            gateway(network_of(record))
    except UserError as error:
        raise Refused(400 if not isinstance(error, Refused) else error.http, error.what, mend=error.mend) from None
    others = [one for one in state.networks.values() if one.driver == record.driver and not one.config_only]
    if record.driver == "bridge":
        _require_own_bridge(record, others)
    elif record.driver in {"macvlan", "ipvlan"}:
        _require_parent(record, others, around)


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


def _require_parent(record: NetworkRecord, others: Iterable[NetworkRecord], around: Surroundings) -> None:
    """On an interface of the host, or a VLAN of one; which others may share, unless one of them takes all of it."""
    parent = record.options.get("parent", "")
    if not parent:
        return
    if parent not in around.links:
        below, dot, vlan = parent.rpartition(".")
        if not dot or below not in around.links or not (vlan.isascii() and vlan.isdigit() and 1 <= int(vlan) <= 4094):
            raise Refused(
                400,
                f"invalid subinterface vlan name {parent}, example formatting is eth0.10",
                mend=f"the interfaces of this host are {', '.join(sorted(around.links)) or 'none'}",
            )
    for other in others if record.driver == "macvlan" else ():
        modes = {one.options.get("macvlan_mode", "bridge") for one in (record, other)}
        if other.options.get("parent") == parent and "passthru" in modes:
            raise Refused(
                403,
                f"cannot use mode passthru, macvlan network {record.id} is already using parent interface {parent}"
                if other.options.get("macvlan_mode") != "passthru"
                else f"macvlan network {other.id} is already using parent interface {parent} in mode passthru",
                mend=f"{other.name} is on it: use another parent, or another mode",
            )
