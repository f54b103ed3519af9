"""The namespaces of a plan as data: which there are, with which interfaces, addresses and routes. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from dataplane.drivers.ports import MTU
from dataplane.model import EMPTY, Endpoint, Instance, IPAddress, Network, Options, Plan
from dataplane.parents import IPVLAN, wish

OWN, HOST = "own", "host"
"""Kinds of sandboxes: a namespace of the container's own, or the host's."""
LINK_LOCAL = {4: 16, 6: 64}
"""Prefix lengths of link-local addresses (RFC 3927, 2.1; RFC 4291, 2.5.6)."""
SYSCTLS = "com.docker.network.endpoint.sysctls"
"""An endpoint's option: ``net.ipv4.conf.IFNAME.key=value``, comma between; IFNAME stands for the interface's name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InterfaceSpec:
    """An interface: a TAP that the engine knows as ``port``. ``addresses`` with their prefix lengths. ``sysctls`` are written once
    it is there, before it is up. ``arp`` False: it asks for no neighbors."""

    port: str
    name: str
    mac: str
    mtu: int = 1500
    addresses: tuple[str, ...] = ()
    sysctls: Options = field(default_factory=lambda: EMPTY)
    arp: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteSpec:
    """The default route of a family. ``gateway`` None: everything is on the link."""

    version: int
    interface: str
    gateway: IPAddress | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxSpec:
    """A namespace, by the instance that lives in it. Interfaces by port, in order; routes by IP version."""

    name: str
    kind: str = OWN
    interfaces: Mapping[str, InterfaceSpec] = field(default_factory=lambda: MappingProxyType({}))
    routes: Mapping[int, RouteSpec] = field(default_factory=lambda: MappingProxyType({}))


Sandboxes = Mapping[str, SandboxSpec]
NOTHING: Sandboxes = MappingProxyType({})


class SpecMaker:
    """Makes specs of plans, and what an instance had last time again, as long as neither it nor its networks are others."""

    def __init__(self) -> None:
        self._made: dict[str, tuple[Instance, tuple[Network, ...], SandboxSpec]] = {}

    def of(self, plan: Plan) -> Sandboxes:
        """The sandboxes of every instance that does not live in another's."""
        made: dict[str, tuple[Instance, tuple[Network, ...], SandboxSpec]] = {}
        for name, instance in plan.instances.items():
            mode = instance.service.network_mode
            if mode.startswith(("container:", "service:")):
                continue
            networks = tuple(plan.networks[endpoint.network] for endpoint in instance.endpoints)
            known = self._made.get(name)
            if known is not None and known[0] is instance and _same(known[1], networks):
                made[name] = known
            else:
                made[name] = instance, networks, _sandbox(instance, networks)
        self._made = made
        return MappingProxyType({name: spec for name, (_, _, spec) in made.items()})


def _same(before: tuple[Network, ...], after: tuple[Network, ...]) -> bool:
    return len(before) == len(after) and all(one is other for one, other in zip(before, after, strict=True))


def _sandbox(instance: Instance, networks: tuple[Network, ...]) -> SandboxSpec:
    if instance.service.network_mode == "host":
        return SandboxSpec(name=instance.name, kind=HOST)
    interfaces = (_interface(endpoint, network) for endpoint, network in zip(instance.endpoints, networks, strict=True))
    routes = (
        RouteSpec(version=r.gateway.version, interface=r.interface, gateway=None if r.gateway.is_unspecified else r.gateway)
        for r in instance.routes
    )
    return SandboxSpec(
        name=instance.name,
        interfaces=MappingProxyType({one.port: one for one in interfaces}),
        routes=MappingProxyType({one.version: one for one in routes}),
    )


def _interface(endpoint: Endpoint, network: Network) -> InterfaceSpec:
    addresses = tuple(
        f"{address}/{pool.subnet.prefixlen}"
        for pool in network.pools
        for address in (endpoint.ipv4, endpoint.ipv6)
        if address is not None and address.version == pool.subnet.version and address in pool.subnet
    )
    addresses += tuple(f"{address}/{LINK_LOCAL[address.version]}" for address in endpoint.link_local)
    return InterfaceSpec(
        port=endpoint.port,
        name=endpoint.interface,
        mac=endpoint.mac,
        mtu=int(network.options.get(MTU, 1500)),
        addresses=addresses,
        sysctls=_sysctls(endpoint),
        arp=not (network.driver == IPVLAN and wish(network).l3),
    )


def _sysctls(endpoint: Endpoint) -> Options:
    """First those that addresses need that are given, not asked for; then the user's. Each interface says where it is when it comes
    up (a gratuitous ARP, RFC 5227 section 3; an unsolicited advertisement). Whoever asks for a neighbor asks as long as usual, 3 s,
    but more often: what was asked while no daemon ran would else be asked again up to a second after the next one begins."""
    values: dict[str, str] = {}
    if endpoint.ipv6 is not None:
        place = f"net/ipv6/conf/{endpoint.interface}"
        values |= {f"{place}/disable_ipv6": "0", f"{place}/accept_dad": "0", f"{place}/accept_ra": "0"}
        values[f"{place}/ndisc_notify"] = "1"
        values |= _asking(6, endpoint.interface)
    if endpoint.ipv4 is not None:
        values[f"net/ipv4/conf/{endpoint.interface}/arp_notify"] = "1"
        values |= _asking(4, endpoint.interface)
    for item in filter(None, endpoint.options.get(SYSCTLS, "").split(",")):
        key, _, value = item.partition("=")
        parts = [endpoint.interface if part in {"IFNAME", "ifname"} else part for part in key.strip().split(".")]
        values["/".join(parts)] = value.strip()
    return MappingProxyType(values)


def _asking(version: int, interface: str) -> Options:
    place = f"net/ipv{version}/neigh/{interface}"
    return {f"{place}/retrans_time_ms": "200", f"{place}/mcast_solicit": "15"}
