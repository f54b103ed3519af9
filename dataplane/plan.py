"""A Topology becomes a Plan: instances counted out, ports named, every subnet, address and MAC decided. Pure.

Addresses that the file gives are claimed before any is chosen, so the order of services never makes a given one "in use".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address

from dataplane.errors import UserError
from dataplane.gateways import default_routes, gateway
from dataplane.interfaces import interface_names, place
from dataplane.ipam import AddressSpace, Leases
from dataplane.macs import assign_macs
from dataplane.model import Endpoint, Instance, IPAddress, IPNetwork, Network, Plan, Pool, Topology
from dataplane.overlays import is_overlay, stations, with_mtu
from dataplane.parent import Parent
from dataplane.parents import NOTHING as UNSEEN
from dataplane.parents import Facts, is_parented, parents
from dataplane.parents import with_mtu as with_parent_mtu
from dataplane.publish import Taken, published
from dataplane.sandbox import require_distinct_interfaces, require_sandboxes
from dataplane.underlays import underlays
from dataplane.uplink import Uplink
from dataplane.uplinks import NOTHING, decided


@contextmanager
def _standing(where: str) -> Iterator[None]:
    """Errors from inside say where in the file they come from."""
    try:
        yield
    except UserError as error:
        raise UserError(error.what, where=error.where or where, mend=error.mend, status=error.status) from None


def make_plan(
    topology: Topology,
    occupied: Iterable[IPNetwork] = (),
    *,
    previous: Plan | None = None,
    way_out: bool | None = None,
    taken: Taken = (),
    seen: Facts = UNSEEN,
) -> Plan:
    """Decide everything the file leaves open. `occupied`: subnets that automatic ones keep clear of (host routes).

    `way_out`: whether the lab gets an uplink that the file does not write: True where a network or a published port has a use for
    one, None (without a host: Lab, replay) where a port is published, False never, and no network then has its own. `taken`:
    (protocol, port) that the host refused. `seen`: what the host has of the parents of macvlan and ipvlan networks.

    What was chosen in `previous` stays as it is wherever it still can, so that a changed file renumbers nobody who did not
    change. Equal arguments give equal plans. Errors: UserError for pools, addresses, names, MACs and ports that cannot be.
    """
    instances = {instance.name: instance for instance in _instances(topology)}
    require_sandboxes(topology, {name: instance.service for name, instance in instances.items()})
    occupied = (*occupied, *_transfer(topology, previous))
    leases = _lease_pools(topology, occupied, previous)
    networks = {key: _with_gateways(topology, network, leases[key], seen) for key, network in topology.networks.items()}
    drafts = {name: _drafts(topology, instance) for name, instance in instances.items()}
    _refuse_collisions(topology, drafts)
    require_distinct_interfaces(topology, {instances[n].service.name: [e.interface for e in row] for n, row in drafts.items()})
    _claim_stations(topology, leases)
    _claim_given(topology, instances, drafts, leases)
    if previous is not None:
        drafts = _keep_addresses(drafts, leases, previous)
    addressed = {
        name: tuple(_addressed(place(topology, instances[name].service, draft.network), draft, leases) for draft in row)
        for name, row in drafts.items()
    }
    networks, endpoints = assign_macs(topology, networks, addressed, seen)
    done = {
        name: replace(instance, endpoints=endpoints[name], routes=default_routes(endpoints[name], networks))
        for name, instance in instances.items()
    }
    ways = decided(topology, networks, occupied, previous=previous.uplinks if previous else NOTHING, way_out=way_out)
    return Plan(
        name=topology.name,
        topology=topology,
        networks=networks,
        instances=done,
        uplinks=ways,
        published=published(
            done.values(), networks, ways, topology.source, previous=previous.published if previous else (), taken=taken
        ),
        underlays=underlays(topology, networks, ways),
        parents=_parents(topology, networks, done.values(), seen),
    )


def _parents(
    topology: Topology, networks: Mapping[str, Network], instances: Iterable[Instance], seen: Facts
) -> Mapping[str, Parent]:
    try:
        return parents(networks, (endpoint for instance in instances for endpoint in instance.endpoints), seen)
    except UserError as error:
        where = f"{topology.source}: {error.where}" if error.where else topology.source
        raise UserError(error.what, where=where, mend=error.mend, status=error.status) from None


def _transfer(topology: Topology, previous: Plan | None) -> Iterator[IPNetwork]:
    """The networks that uplinks are on, or were."""
    written: list[Uplink | None] = [topology.uplink, *(network.uplink for network in topology.networks.values())]
    for uplink in (*written, *(previous.uplinks.values() if previous else ())):
        yield from (address.network for address in uplink.addresses) if uplink is not None else ()


def _instances(topology: Topology) -> Iterator[Instance]:
    """Every running copy: ``web``, or ``web-1`` … when scale or replicas was written. Errors: two with one name."""
    seen: dict[str, str] = {}
    for service in topology.services.values():
        for index in range(1, service.replicas + 1):
            name = f"{service.name}-{index}" if service.scaled else service.name
            if name in seen:
                raise UserError(
                    f"services {seen[name]!r} and {service.name!r} both have an instance called {name!r}",
                    where=f"{topology.source}: services.{service.name}",
                    mend="rename one of the two services",
                )
            seen[name] = service.name
            yield Instance(name=name, service=service, index=index, endpoints=())


# -- pools --------------------------------------------------------------------------------------------------------------


def _lease_pools(topology: Topology, occupied: Iterable[IPNetwork], previous: Plan | None) -> dict[str, list[Leases]]:
    """The subnets of every network: the file's first, then those chosen earlier, then new ones for networks that name none."""
    space = AddressSpace(topology.name, occupied)
    pools: dict[str, list[Pool]] = {}
    for key, network in topology.networks.items():
        wanted = [p for p in network.pools if network.enable_ipv4 and p.subnet.version == 4]
        wanted += [p for p in network.pools if network.enable_ipv6 and p.subnet.version == 6]
        for pool in wanted:
            with _standing(f"{topology.source}: networks.{key}.ipam"):
                space.claim(pool.subnet)
        pools[key] = wanted
    for key, network in topology.networks.items():
        for pool in previous.networks[key].pools if previous is not None and key in previous.networks else ():
            enabled = network.enable_ipv4 if pool.subnet.version == 4 else network.enable_ipv6
            if enabled and not any(p.subnet.version == pool.subnet.version for p in pools[key]) and space.reuse(pool.subnet):
                pools[key].append(Pool(subnet=pool.subnet))
    for key, network in topology.networks.items():
        with _standing(f"{topology.source}: networks.{key}"):
            if network.enable_ipv4 and not any(p.subnet.version == 4 for p in pools[key]):
                pools[key].append(Pool(subnet=space.choose_ipv4()))
            if network.enable_ipv6 and not any(p.subnet.version == 6 for p in pools[key]):
                pools[key].append(Pool(subnet=space.choose_ipv6()))
    leases = {}
    for key, chosen in pools.items():
        with _standing(f"{topology.source}: networks.{key}.ipam"):
            network = topology.networks[key]
            leases[key] = [Leases(pool, gateway=not is_overlay(network) and not is_parented(network)) for pool in chosen]
    return leases


def _with_gateways(topology: Topology, network: Network, leases: list[Leases], seen: Facts) -> Network:
    decided = replace(network, pools=tuple(replace(lease.pool, gateway=lease.gateway) for lease in leases))
    with _standing(f"{topology.source}: networks.{network.key}"):
        gateway(decided)  # its options can be read
        if is_parented(decided):
            return with_parent_mtu(decided, seen)
        return with_mtu(decided, topology) if is_overlay(decided) else decided


# -- endpoints ----------------------------------------------------------------------------------------------------------

Drafts = Mapping[str, tuple[Endpoint, ...]]


def _drafts(topology: Topology, instance: Instance) -> tuple[Endpoint, ...]:
    """The instance's endpoints with what the file gives and no more."""
    return tuple(
        Endpoint(
            port=f"{instance.name}.{attachment.network}",
            instance=instance.name,
            network=attachment.network,
            interface=interface,
            mac=(attachment.mac_address or "").lower().replace("-", ":"),
            ipv4=attachment.ipv4_address,
            ipv6=attachment.ipv6_address,
            aliases=attachment.aliases,
            gw_priority=attachment.gw_priority,
            given_mac=attachment.mac_address is not None,
            options=attachment.driver_opts,
        )
        for attachment, interface in interface_names(topology, instance.service)
    )


def _refuse_collisions(topology: Topology, drafts: Drafts) -> None:
    seen: dict[str, Endpoint] = {}
    for draft in (draft for row in drafts.values() for draft in row):
        other = seen.setdefault(draft.port, draft)
        if other is not draft:
            raise UserError(
                f"two ports are called {draft.port!r}: {other.instance!r} on network {other.network!r}"
                f" and {draft.instance!r} on network {draft.network!r}",
                where=topology.source,
                mend="rename one of the services or networks",
            )


def _claim_given(
    topology: Topology,
    instances: Mapping[str, Instance],
    drafts: Drafts,
    leases: Mapping[str, list[Leases]],
) -> None:
    """Take the static addresses, before any other is chosen."""
    for draft in (draft for row in drafts.values() for draft in row):
        with _standing(place(topology, instances[draft.instance].service, draft.network)):
            for address in (draft.ipv4, draft.ipv6):
                if address is not None:
                    _lease_of(address, draft.network, leases[draft.network]).claim(address)


def _claim_stations(topology: Topology, leases: Mapping[str, list[Leases]]) -> None:
    """The file's endpoints behind other VTEPs have theirs already."""
    for network in filter(is_overlay, topology.networks.values()):
        with _standing(f"{topology.source}: networks.{network.key}"):
            for _, station in stations(network, topology):
                for address in station.addresses:
                    _lease_of(address, network.key, leases[network.key]).claim(address)


def _lease_of(address: IPAddress, network: str, leases: list[Leases]) -> Leases:
    for lease in leases:
        if address in lease:
            return lease
    raise UserError(
        f"no configured subnet contains IP address {address}",
        mend=f"network {network!r} has {', '.join(str(lease.subnet) for lease in leases) or 'no subnet'}",
    )


def _keep_addresses(drafts: Drafts, leases: Mapping[str, list[Leases]], previous: Plan) -> dict[str, tuple[Endpoint, ...]]:
    """Endpoints that were there before keep their addresses, where these are still free."""
    before = {endpoint.port: endpoint for endpoint in previous.endpoints()}

    def again(address: IPAddress | None, network: str) -> bool:
        for lease in leases[network]:
            if address is not None and address in lease and not lease.is_taken(address):
                lease.claim(address)
                return True
        return False

    def kept(draft: Endpoint) -> Endpoint:
        old = before.get(draft.port)
        if old is None:
            return draft
        return replace(
            draft,
            ipv4=old.ipv4 if draft.ipv4 is None and again(old.ipv4, draft.network) else draft.ipv4,
            ipv6=old.ipv6 if draft.ipv6 is None and again(old.ipv6, draft.network) else draft.ipv6,
        )

    return {name: tuple(kept(draft) for draft in row) for name, row in drafts.items()}


def _addressed(where: str, draft: Endpoint, leases: Mapping[str, list[Leases]]) -> Endpoint:
    """Choose what the file does not give."""
    ipv4, ipv6 = draft.ipv4, draft.ipv6
    with _standing(where):
        if ipv4 is None:
            chosen = _take(leases[draft.network], 4)
            ipv4 = chosen if isinstance(chosen, IPv4Address) else None
        if ipv6 is None:
            chosen = _take(leases[draft.network], 6)
            ipv6 = chosen if isinstance(chosen, IPv6Address) else None
    return replace(draft, ipv4=ipv4, ipv6=ipv6)


def _take(leases: list[Leases], version: int) -> IPAddress | None:
    """From the first subnet of the family that has room; None where the family is off."""
    family = [lease for lease in leases if lease.subnet.version == version]
    for lease in family[:-1]:
        try:
            return lease.take()
        except UserError:
            continue
    return family[-1].take() if family else None
