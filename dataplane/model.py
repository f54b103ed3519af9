"""What a lab is, as plain frozen data: no behaviour, no I/O.

Two stages. A *Topology* is what a Compose file says, checked (``compose`` makes it). A *Plan* is the same with every instance
counted out and every address and MAC decided (``plan`` makes it). Drivers, wiring and the live runtime read Plans only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from types import MappingProxyType

IPAddress = IPv4Address | IPv6Address
IPNetwork = IPv4Network | IPv6Network
Options = Mapping[str, str]
EMPTY: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """One ``ipam.config`` entry: a subnet and what is reserved in it."""

    subnet: IPNetwork
    gateway: IPAddress | None = None
    ip_range: IPNetwork | None = None
    aux_addresses: Mapping[str, IPAddress] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """A network of the file. ``key`` is its key there (ports are named after it), ``name`` the name outside (``name:``)."""

    key: str
    name: str
    driver: str = "bridge"
    internal: bool = False
    attachable: bool = False
    enable_ipv4: bool = True
    enable_ipv6: bool = False
    pools: tuple[Pool, ...] = ()
    options: Options = field(default_factory=lambda: EMPTY)
    labels: Options = field(default_factory=lambda: EMPTY)
    external: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """What a service asks of one network (``services.*.networks.*``)."""

    network: str
    aliases: tuple[str, ...] = ()
    ipv4_address: IPv4Address | None = None
    ipv6_address: IPv6Address | None = None
    mac_address: str | None = None
    gw_priority: int = 0
    interface_name: str | None = None
    driver_opts: Options = field(default_factory=lambda: EMPTY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """How a service's command runs. ``command`` empty: an idle namespace. ``run`` False: named once in a warning, idle too."""

    command: tuple[str, ...] = ()
    environment: Options = field(default_factory=lambda: EMPTY)
    working_dir: str | None = None
    user: str | None = None
    init: bool = False
    stop_signal: str = "SIGTERM"
    stop_grace_period_ns: int = 10_000_000_000
    tty: bool = False
    stdin_open: bool = False
    run: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Healthcheck:
    """``test`` runs in the service's namespaces; times in nanoseconds, Compose's defaults.

    It is ``("CMD", program, …)`` or ``("CMD-SHELL", line)``."""

    test: tuple[str, ...]
    interval_ns: int = 30_000_000_000
    timeout_ns: int = 30_000_000_000
    retries: int = 3
    start_period_ns: int = 0
    start_interval_ns: int = 5_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Restart:
    """``policy``: no | always | on-failure | unless-stopped. ``max_retries`` 0 means without end (on-failure only)."""

    policy: str = "no"
    max_retries: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependency:
    """``condition``: service_started | service_healthy | service_completed_successfully."""

    service: str
    condition: str = "service_started"
    restart: bool = False
    required: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A service of the file. ``network_mode``: ``""`` (attachments), ``none``, ``host``, ``service:X``,
    ``container:X`` or ``netns:PATH`` (which may stand beside attachments).

    ``scaled``: scale or replicas was written, so instances are numbered.
    ``links``: (service, alias) pairs, names that hold for this service alone.
    """

    name: str
    attachments: tuple[Attachment, ...] = ()
    network_mode: str = ""
    replicas: int = 1
    scaled: bool = False
    process: Process = Process()
    hostname: str | None = None
    extra_hosts: tuple[tuple[str, str], ...] = ()
    sysctls: Options = field(default_factory=lambda: EMPTY)
    expose: tuple[str, ...] = ()
    dns: tuple[str, ...] = ()
    dns_search: tuple[str, ...] = ()
    dns_opt: tuple[str, ...] = ()
    labels: Options = field(default_factory=lambda: EMPTY)
    restart: Restart = Restart()
    healthcheck: Healthcheck | None = None
    depends_on: tuple[Dependency, ...] = ()
    links: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Topology:
    """A Compose file, checked: names resolve, shapes are right, every default is filled in.

    ``folder`` is where relative paths start; ``source`` names the file in messages."""

    name: str
    folder: str
    source: str
    networks: Mapping[str, Network]
    services: Mapping[str, Service]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One interface of one instance on one network. ``port`` is its contracted name, ``<instance>.<network>``."""

    port: str
    instance: str
    network: str
    interface: str
    mac: str
    ipv4: IPv4Address | None = None
    ipv6: IPv6Address | None = None
    aliases: tuple[str, ...] = ()
    gw_priority: int = 0
    given_mac: bool = False
    options: Options = field(default_factory=lambda: EMPTY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """One running copy of a service: ``web``, or ``web-2`` when scale or replicas was written. ``endpoints`` in interface order."""

    name: str
    service: Service
    index: int
    endpoints: tuple[Endpoint, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A Topology with every address decided: what drivers turn into a Wiring and the runtime into namespaces and processes.

    ``networks`` have their pools filled in (subnet and gateway chosen where the file is silent)."""

    name: str
    topology: Topology
    networks: Mapping[str, Network]
    instances: Mapping[str, Instance]

    def endpoints(self) -> tuple[Endpoint, ...]:
        """Every endpoint, in the file's order."""
        return tuple(e for i in self.instances.values() for e in i.endpoints)
