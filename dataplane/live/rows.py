"""The rows that a running lab tells about itself: JSON on the control socket, dictionaries here. Times are ns since 1970."""

from __future__ import annotations

from typing import NotRequired, TypedDict


class EndpointRow(TypedDict):
    """One interface of an instance. ``state``: up, down (set down inside), gone (its namespace or device was removed)."""

    port: str
    interface: str
    network: str
    mac: str
    ipv4: str | None
    ipv6: str | None
    state: str


class InstanceRow(TypedDict):
    """One line of ``ps``. ``state``: created, waiting (for what it depends on), running, restarting, exited, failed.

    ``health``: None without a healthcheck, else starting, healthy, unhealthy. ``idle``: a namespace without a command.
    ``why``: a sentence for a state that needs one. ``namespace``: a path for ``nsenter --net=PATH``.
    """

    name: str
    service: str
    state: str
    idle: bool
    health: str | None
    exit: int | None
    pid: int | None
    started: int | None
    finished: int | None
    restarts: int
    why: str
    command: list[str]
    network_mode: str
    namespace: str
    endpoints: list[EndpointRow]


class UplinkRow(TypedDict):
    """A way out. ``port``: uplink, or uplink.NETWORK. ``address``: ours, one a family; ``gateway``: the next hop, which of a TAP
    is the host's own side.

    ``local``: the host's addresses, at which published ports are reached; ``relayed``: connections the relay has carried."""

    port: str
    kind: str
    name: str
    mac: str
    addresses: list[str]
    gateways: list[str]
    netns: str | None
    mtu: int
    local: list[str]
    relayed: int


class PublishedRow(TypedDict):
    """Host ports ``first`` to ``last`` that lead to an endpoint's ports from ``target`` on. ``host_ip`` None: every address.

    ``addresses``: of the endpoint, those of the families in which it is published. ``held``: a socket of ours has the ports."""

    protocol: str
    host_ip: str | None
    first: int
    last: int
    instance: str
    endpoint: str
    addresses: list[str]
    target: int
    held: bool


class LabRow(TypedDict):
    """The lab itself. ``engine``: running, or a sentence that says why not. ``uplink``: its own, None without one; ``uplinks``:
    all, those of single networks too."""

    name: str
    source: str
    folder: str
    pid: int
    started: int
    seed: int
    engine: str
    networks: list[NetworkRow]
    uplink: UplinkRow | None
    uplinks: list[UplinkRow]
    published: list[PublishedRow]


class NetworkRow(TypedDict):
    """A network with the pools it really has."""

    key: str
    name: str
    driver: str
    pools: list[dict[str, str | None]]


class LogRow(TypedDict):
    """A line that a service wrote. ``partial``: it goes on in the next row."""

    instance: str
    time: int
    stream: str
    text: str
    partial: NotRequired[bool]


class EventRow(TypedDict):
    """Something that happened. ``number`` counts up; ``what`` is the event's name, ``who`` an instance, a port or the lab."""

    number: int
    time: int
    what: str
    who: str
    detail: str


AS_BEFORE = "the host as it was before"
"""A step of `down`."""


class StepRow(TypedDict):
    """What ``up`` and ``down`` did. ``kind``: step, host (what changed on the host), change (to a lab that ran), warning.

    ``by_hand``: the command that does it."""

    kind: str
    what: str
    by_hand: str


class ExecRow(TypedDict):
    """A command that ran or runs beside a service's own. ``exit`` None while it runs."""

    id: str
    instance: str
    running: bool
    exit: int | None
    command: list[str]
