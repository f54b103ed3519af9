"""What a lab is, as plain frozen data: no behaviour, no I/O.

Two stages. A *Topology* is what a Compose file says, checked (``compose`` makes it). A *Plan* is the same with every instance
counted out and every address and MAC decided (``plan`` makes it). Drivers, wiring and the live runtime read Plans only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface, IPv6Network
from types import MappingProxyType

from dataplane.underlay import Peer, Underlay

IPAddress = IPv4Address | IPv6Address
IPNetwork = IPv4Network | IPv6Network
Options = Mapping[str, str]
EMPTY: Mapping[str, str] = MappingProxyType({})
UPLINK = "uplink"
"""The name of the uplink's port and node (DESIGN: "Ports have names")."""
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

    Of an overlay: ``underlay`` None where it is the lab's; ``peers`` None where they are the underlay's."""

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
    underlay: Underlay | None = None
    peers: tuple[Peer, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Uplink:
    """The lab's way out. In a Topology what the file says of it; in a Plan all of it, decided.

    ``kind``: ``tap`` (a TAP in the host's namespace, or in ``netns``), ``packet`` (the real interface ``name``), ``none``.
    ``ipv4``, ``ipv6``: our address there with its prefix. ``gateway4``, ``gateway6``: the next hop, which of a TAP is the host's
    own side. ``mac`` is ours, ``gateway_mac`` the next hop's: a TAP's own, and of a packet uplink None where it is asked for.
    """

    kind: str = "tap"
    name: str | None = None
    ipv4: IPv4Interface | None = None
    ipv6: IPv6Interface | None = None
    gateway4: IPv4Address | None = None
    gateway6: IPv6Address | None = None
    mac: str | None = None
    gateway_mac: str | None = None
    netns: str | None = None
    neighbors: tuple[tuple[IPAddress, str], ...] = ()
    mtu: int = 1500


@dataclass(frozen=True, slots=True, kw_only=True)
class Nat:
    """How the lab's gateway translates (``x-dataplane.nat``). ``timeouts``: seconds by kind, those of the RFCs where it is silent;
    ``linux``: Linux's instead. ``addresses``: sources are translated to these, on a packet uplink; else to the uplink's own.
    ``static``: (outside, inside) one to one. ``exclude``: what goes there is not translated. ``mss``: what SYNs may announce at
    most, ``clamp`` for what both links take, 0 for anything. ``icmp_rate``: ICMP errors a second of an interface."""

    mapping: str = "endpoint-independent"
    filtering: str = "address-and-port-dependent"
    strict: bool = False
    linux: bool = False
    timeouts: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    flows: int = 65536
    addresses: tuple[IPAddress, ...] = ()
    static: tuple[tuple[IPAddress, IPAddress], ...] = ()
    exclude: tuple[IPNetwork, ...] = ()
    mss: int | str = 0
    icmp_rate: int = 100


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
    ``links``: (service, alias) pairs, names that hold for this service alone."""

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
    nat: Nat = Nat()
    underlay: Underlay | None = None


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
class DefaultRoute:
    """Where an instance sends what is on none of its networks: ``gateway``, through the interface of the endpoint ``port``."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A Topology with every address decided: what drivers turn into a Wiring and the runtime into namespaces and processes.

    ``networks`` have their pools filled in (subnet and gateway chosen where the file is silent), and their gateway's MAC.
    ``uplink`` None: the lab has no way out. ``underlays``: by the name of their port, those that an overlay uses."""

    name: str
    topology: Topology
    networks: Mapping[str, Network]
    instances: Mapping[str, Instance]
    uplink: Uplink | None = None
    published: tuple[Published, ...] = ()
    underlays: Mapping[str, Underlay] = field(default_factory=lambda: MappingProxyType({}))

    def endpoints(self) -> tuple[Endpoint, ...]:
        """Every endpoint, in the file's order."""
        return tuple(e for i in self.instances.values() for e in i.endpoints)

    def ports(self) -> tuple[str, ...]:
        """The names of all ports, in the file's order; the uplink and the underlays are the last."""
        return (*(e.port for e in self.endpoints()), *((UPLINK,) if self.uplink is not None else ()), *self.underlays)
