"""What a daemon remembers: networks, containers, and the endpoints of those that run. Frozen data; ``store`` keeps it.

Ids are 64 lower-case hexadecimal digits. Times are ns since 1970, 0 where it has not happened.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from dataplane.model import EMPTY, Attachment, Endpoint, Healthcheck, Options, Pool, PortBinding, Process, Published, Restart
from dataplane.mounts import Mount, Ulimit
from dataplane.uplink import Uplink

PREDEFINED = ("bridge", "host", "none")
"""Networks that a fresh daemon has, by name; nobody may make or remove one. Their drivers are bridge, host and null."""
CREATED, RUNNING, PAUSED, RESTARTING, EXITED, DEAD = "created", "running", "paused", "restarting", "exited", "dead"
"""Docker's words for what became of a container."""
ALIVE = frozenset({RUNNING, PAUSED})
"""It has a process, a namespace and addresses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkRecord:
    """A network. ``pools`` are decided: a subnet each, with the gateway where the driver has one. ``driver``: bridge, overlay,
    macvlan, ipvlan, host or null. ``config_only``: a template, which nobody can join; ``config_from``: the template's name."""

    id: str
    name: str
    created: int
    driver: str = "bridge"
    internal: bool = False
    attachable: bool = False
    enable_ipv4: bool = True
    enable_ipv6: bool = False
    config_only: bool = False
    config_from: str = ""
    pools: tuple[Pool, ...] = ()
    ipam_driver: str = "default"
    ipam_options: Options = field(default_factory=lambda: EMPTY)
    options: Options = field(default_factory=lambda: EMPTY)
    labels: Options = field(default_factory=lambda: EMPTY)

    @property
    def predefined(self) -> bool:
        """A fresh daemon has it."""
        return self.name in PREDEFINED


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What became of a container. ``exit``: its last exit status. ``stopped``: by a user, so that `unless-stopped` leaves it.
    ``error``: why it could not be started, "" where it could. ``restarts``: how often its policy has started it again."""

    state: str = CREATED
    exit: int = 0
    error: str = ""
    started: int = 0
    finished: int = 0
    restarts: int = 0
    stopped: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerRecord:
    """A container. ``name`` without Docker's slash. ``process.command`` is entrypoint and command together, as it is run.

    ``network_mode``: ``bridge`` (the default network), the id of another network, ``host``, ``none``, or ``container:ID``.
    ``attachments``: by network id, in the order of connecting, what is asked of each (``Attachment.network`` is the id as well);
    empty for host and container:ID. ``links``: (container id, alias). ``config``, ``host_config``: the request's own words, for
    inspect to show again."""

    id: str
    name: str
    created: int
    image: str = "host"
    process: Process = field(default_factory=Process)
    entrypoint: tuple[str, ...] = ()
    stdin_once: bool = False
    hostname: str = ""
    domainname: str = ""
    network_mode: str = "bridge"
    attachments: Mapping[str, Attachment] = field(default_factory=lambda: MappingProxyType({}))
    ports: tuple[PortBinding, ...] = ()
    expose: tuple[str, ...] = ()
    publish_all: bool = False
    dns: tuple[str, ...] = ()
    dns_search: tuple[str, ...] = ()
    dns_opt: tuple[str, ...] = ()
    extra_hosts: tuple[tuple[str, str], ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    sysctls: Options = field(default_factory=lambda: EMPTY)
    labels: Options = field(default_factory=lambda: EMPTY)
    restart: Restart = field(default_factory=Restart)
    healthcheck: Healthcheck | None = None
    auto_remove: bool = False
    mounts: tuple[Mount, ...] = ()
    ulimits: tuple[Ulimit, ...] = ()
    config: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    host_config: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    fate: Fate = Fate()

    @property
    def short(self) -> str:
        """The 12 digits that people see."""
        return self.id[:12]

    @property
    def alive(self) -> bool:
        """It has a process, a namespace and addresses."""
        return self.fate.state in ALIVE


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointRecord:
    """An interface of a container that runs: its addresses are held as long as this is there. ``order``: counts up with every
    connect, so that interfaces keep their order. ``names``: what the embedded DNS calls it on this network, the first one first
    (`DNSNames`). ``endpoint.network`` is the network's id, ``endpoint.instance`` the container's."""

    id: str
    network: str
    container: str
    endpoint: Endpoint
    names: tuple[str, ...] = ()
    order: int = 0


@dataclass(frozen=True, slots=True)
class State:
    """All of it. Networks and containers by id in the order of making; endpoints by (container id, network id); published ports
    by container id. ``uplinks``: the ways out, decided once so that a restart finds them again."""

    networks: Mapping[str, NetworkRecord] = field(default_factory=lambda: MappingProxyType({}))
    containers: Mapping[str, ContainerRecord] = field(default_factory=lambda: MappingProxyType({}))
    endpoints: Mapping[tuple[str, str], EndpointRecord] = field(default_factory=lambda: MappingProxyType({}))
    published: Mapping[str, tuple[Published, ...]] = field(default_factory=lambda: MappingProxyType({}))
    uplinks: Mapping[str, Uplink] = field(default_factory=lambda: MappingProxyType({}))
