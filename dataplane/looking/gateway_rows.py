"""Rows about a gateway: JSON where they are asked for, dictionaries here."""

from __future__ import annotations

from typing import TypedDict


class RouteRow(TypedDict):
    """A route of the gateway. ``gateway`` None: the destination is on the network itself. ``interface``: a network, or an uplink.

    ``network``: the only one for which it is, by an uplink of its own; None: for all that have no uplink of their own."""

    destination: str
    gateway: str | None
    interface: str
    network: str | None


class NeighborRow(TypedDict):
    """A station that the gateway knows or asks for. ``mac`` None while it is not known. ``state``: reachable, permanent…"""

    address: str
    mac: str | None
    interface: str
    state: str


class FlowRow(TypedDict):
    """A flow as its two tuples; where they differ, addresses are translated. Times in seconds.

    ``assured``: it was answered, and is not given up for others."""

    protocol: str
    state: str
    source: str
    source_port: int
    target: str
    target_port: int
    reply_source: str
    reply_source_port: int
    reply_target: str
    reply_target_port: int
    idle: float
    expires: float
    assured: bool


class FlowsRow(TypedDict):
    """``count``: flows that match; ``flows``: as many of them as were asked for; ``known``, ``limit``: of the whole table."""

    count: int
    known: int
    limit: int
    flows: list[FlowRow]


class NatRow(TypedDict):
    """A translation in use. ``kind``: snat (the source of what leaves) or dnat (the target of what comes in)."""

    kind: str
    protocol: str
    inside: str
    outside: str
    flows: int


class NatsRow(TypedDict):
    """``translations``: as many of those that match as were asked for; ``more``: flows that have another one."""

    translations: list[NatRow]
    more: int


class RuleRow(TypedDict):
    """A rule in force. ``kind``: isolation, snat, dnat. ``hits``: flows that it decided."""

    network: str
    kind: str
    rule: str
    hits: int


class PublishedRow(TypedDict):
    """A published port or range. ``host_ip`` None: every address of the host. ``host``, ``container``: ``80`` or ``8000-8010``.

    ``opened``: addresses at which the container's ports are reached without translation. ``uplink``: where it is published."""

    instance: str
    endpoint: str
    protocol: str
    host_ip: str | None
    host: str
    container: str
    addresses: list[str]
    opened: list[str]
    uplink: str
