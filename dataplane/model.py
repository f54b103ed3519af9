"""What a lab is, as plain frozen data: no behaviour, no I/O.

Two stages. A *Topology* is what a Compose file says, checked (``compose`` makes it). A *Plan* is the same with every instance
counted out and every address and MAC decided (``plan`` makes it). Drivers, wiring and the live runtime read Plans only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from types import MappingProxyType

from dataplane.mounts import Device, Mount, Ulimit
from dataplane.nat import Nat
from dataplane.parent import Parent
from dataplane.underlay import Peer, Underlay
from dataplane.uplink import UPLINK, Uplink, uplink_port

IPAddress = IPv4Address | IPv6Address
IPNetwork = IPv4Network | IPv6Network
Options = Mapping[str, str]
EMPTY: Mapping[str, str] = MappingProxyType({})
HOST_GATEWAY = "host-gateway"
"""Instead of an address in ``extra_hosts``: wherever the host is reached, which is the gateway's address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """One ``ipam.config`` entry: a subnet and what is reserved in it."""

    subnet: IPNetwork
    gateway: IPAddress | None = None
    ip_range: IPNetwork | None = None
    aux_addresses: Mapping[str, IPAddress] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """A network of the file. ``key`` is its key there (ports are named after it), ``name`` the name outside (``name:``).

    ``uplink``: its own way out, which may be of kind none; None where it is the lab's. Of an overlay: ``underlay`` None where it is
    the lab's; ``peers`` None where they are the underlay's."""

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
    gateway_mac: str | None = None
    uplink: Uplink | None = None
    underlay: Underlay | None = None
    peers: tuple[Peer, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PortBinding:
    """An entry of ``ports``: ``target`` to ``target_last`` in the container, ``first`` to ``last`` on the host; ``first`` 0: any
    free one. More host ports than the one target: the first of them that is free. ``host_ip`` None: every one."""

    target: int
    target_last: int
    first: int = 0
    last: int = 0
    host_ip: IPAddress | None = None
    protocol: str = "tcp"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """What a service asks of one network (``services.*.networks.*``). ``links``: (container, alias), names that hold on this
    network for this one alone; only a daemon's containers have them here. ``link_local``: further addresses; theirs too."""

    network: str
    aliases: tuple[str, ...] = ()
    ipv4_address: IPv4Address | None = None
    ipv6_address: IPv6Address | None = None
    mac_address: str | None = None
    gw_priority: int = 0
    interface_name: str | None = None
    driver_opts: Options = field(default_factory=lambda: EMPTY)
    links: tuple[tuple[str, str], ...] = ()
    link_local: tuple[IPAddress, ...] = ()


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
    """``test`` (``("CMD", program, …)`` or ``("CMD-SHELL", line)``) runs in the service's namespaces; times in ns, Compose's."""

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
    """A service of the file. ``network_mode``: ``""`` (attachments), ``none``, ``host``, ``service:X``, ``container:X`` or
    ``netns:PATH`` (which may stand beside attachments). ``scaled``: scale or replicas was written, so instances are numbered.
    ``links``: (service, alias) pairs, names that hold for this service alone. ``container_name``: what a daemon calls it, "" where
    that is not written. ``mounts``, ``devices``, ``shm_size`` (octets; 0: the host's /dev/shm), ``ulimits``: none where the command
    is not run, for they are of an image's files then."""

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
    ports: tuple[PortBinding, ...] = ()
    container_name: str = ""
    mounts: tuple[Mount, ...] = ()
    devices: tuple[Device, ...] = ()
    shm_size: int = 0
    ulimits: tuple[Ulimit, ...] = ()


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
    uplink: Uplink | None = None
    nat: Nat = field(default_factory=Nat)
    underlay: Underlay | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One interface of one instance on one network. ``port`` is its contracted name, ``<instance>.<network>``. ``link_local``:
    addresses that it has besides."""

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
    link_local: tuple[IPAddress, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DefaultRoute:
    """Where an instance sends what is on none of its networks: ``gateway``, through the interface of the endpoint ``port``.

    The unspecified address (0.0.0.0, ::) for ``gateway``: there is none, the interface itself leads on (ipvlan in mode l3)."""

    port: str
    interface: str
    gateway: IPAddress


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """One running copy of a service: ``web``, or ``web-2`` when scale or replicas was written. ``endpoints`` in interface order;
    ``routes``: its default routes, at most one a family."""

    name: str
    service: Service
    index: int
    endpoints: tuple[Endpoint, ...]
    routes: tuple[DefaultRoute, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """Ports ``first`` to ``last`` of the host that lead to an endpoint's ports from ``target`` on, one to one.

    ``host_ip`` None: of every address of the host; 0.0.0.0 and ::: of every one of that family. ``ipv4``, ``ipv6``: the address
    translated to, None where the family is not published (or routed, without translation). ``transfer``: at this port of our own
    address on the uplink the router expects what the host hands on for ``first``; another than ``first`` only where two bindings
    to different host addresses share a number. ``chosen``: the file leaves the number open, so that another will do. ``opened``:
    addresses of the instance at which ``target`` and as many more as ``count`` says are open without translation (routed).
    ``uplink``: the port of the one by which they are reached, whether or not the plan has it.
    """

    protocol: str
    first: int
    last: int
    instance: str
    endpoint: str
    target: int
    host_ip: IPAddress | None = None
    ipv4: IPv4Address | None = None
    ipv6: IPv6Address | None = None
    transfer: int = 0
    chosen: bool = False
    opened: tuple[IPAddress, ...] = ()
    count: int = 1
    uplink: str = UPLINK


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A Topology with every address decided: what drivers turn into a Wiring and the runtime into namespaces and processes.

    ``networks`` have their pools filled in (subnet and gateway chosen where the file is silent), and their gateway's MAC.
    ``uplinks``: by the name of their port, the lab's first; a network whose uplink is not there has no way out. ``underlays``:
    by the name of their port, those that an overlay uses. ``parents``: by the name of their port, real interfaces that endpoints of
    macvlan and ipvlan networks are on."""

    name: str
    topology: Topology
    networks: Mapping[str, Network]
    instances: Mapping[str, Instance]
    uplinks: Mapping[str, Uplink] = field(default_factory=lambda: MappingProxyType({}))
    published: tuple[Published, ...] = ()
    underlays: Mapping[str, Underlay] = field(default_factory=lambda: MappingProxyType({}))
    parents: Mapping[str, Parent] = field(default_factory=lambda: MappingProxyType({}))

    def endpoints(self) -> tuple[Endpoint, ...]:
        """Every endpoint, in the file's order."""
        return tuple(e for i in self.instances.values() for e in i.endpoints)

    def ports(self) -> tuple[str, ...]:
        """The names of all ports, in the file's order; uplinks, underlays and parents are the last."""
        return (*(e.port for e in self.endpoints()), *self.uplinks, *self.underlays, *self.parents)

    @property
    def uplink(self) -> Uplink | None:
        """The lab's own; None: its networks have no way out but their own."""
        return self.uplinks.get(UPLINK)

    def way(self, network: str) -> str:
        """The name of the uplink by which a network leaves, if the plan has one of that name."""
        return uplink_port(network if self.networks[network].uplink is not None else "")
