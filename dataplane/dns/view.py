"""What one container sees: the zones of its networks, its own names for others, and whom it asks beyond."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from dataplane.desired.records import ContainerRecord, EndpointRecord, State
from dataplane.dns.resolvconf import Upstream
from dataplane.dns.zone import Addresses, Zone, addresses_of, endpoints_of
from dataplane.model import EMPTY, IPAddress


@dataclass(frozen=True, slots=True)
class Found:
    """``addresses`` of all families (none of the one that was asked for is no reason to look further) and where they are from."""

    addresses: Addresses
    network: str
    linked: str = ""


@dataclass(frozen=True, slots=True)
class View:
    """``zones``: in the order in which they are asked. ``links``: by network's id, from alias to the container's id.
    ``ndots``: the user set that option. ``outside``: a network of its is not internal, so that the host's servers are asked."""

    zones: tuple[Zone, ...] = ()
    links: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    upstreams: tuple[Upstream, ...] = ()
    ndots: bool = False
    outside: bool = True

    def find(self, name: str) -> Found | None:
        """Who is called ``name`` (lower case, no dot at the end): as it is on any network, then a.b on network c, a on b.c."""
        for host, network in _readings(name):
            for zone in self.zones:
                if network and zone.network.name.lower() != network:
                    continue
                target = self.links.get(zone.network.id, EMPTY).get(host)
                if target is not None and (member := zone.members.get(target)) is not None:
                    return Found(
                        addresses_of(member), zone.network.name, member.names[0] if member.names else member.container[:12]
                    )
            for zone in self.zones:
                if (not network or zone.network.name.lower() == network) and host in zone.addresses:
                    return Found(zone.addresses[host], zone.network.name)
        return None

    def name_of(self, address: IPAddress) -> str | None:
        """Whose address it is, as ``name.network``."""
        for zone in self.zones:
            if (name := zone.names.get(address)) is not None:
                return f"{name}.{zone.network.name}"
        return None

    @property
    def servers(self) -> tuple[Upstream, ...]:
        """Whom a question may be handed to, in order."""
        return tuple(one for one in self.upstreams if self.outside or not one.host)


def _readings(name: str) -> Iterator[tuple[str, str]]:
    yield name, ""
    at = name.rfind(".")
    while at > 0:
        yield name[:at], name[at + 1 :]
        at = name.rfind(".", 0, at)


def view(state: State, zones: Mapping[str, Zone], container: ContainerRecord, upstreams: tuple[Upstream, ...], ndots: bool) -> View:
    """What a container sees. Its networks in Docker's order, that of default routes: by gateway priority, external before internal,
    gateways of both families before one, by name."""
    mine = endpoints_of(state, container)

    def place(record: EndpointRecord) -> tuple[int, bool, int, str]:
        network = state.networks[record.network]
        families = {pool.subnet.version for pool in network.pools if pool.gateway is not None}
        return -record.endpoint.gw_priority, network.internal, -len(families), network.name

    order = sorted(mine, key=place)
    seen = tuple(zones[record.network] for record in order if record.network in zones)
    outside = any(not state.networks[r.network].internal and state.networks[r.network].driver not in {"null", "host"} for r in mine)
    links = {one.network.id: found for one in seen if (found := dict(_links(container, one)))}
    return View(seen, links, upstreams, ndots, outside)


def _links(container: ContainerRecord, zone: Zone) -> Iterator[tuple[str, str]]:
    for target, alias in container.links:
        yield alias.lower(), target
    attachment = container.attachments.get(zone.network.id)
    for target, alias in attachment.links if attachment is not None else ():
        for member in zone.members.values():
            if target in {member.container, member.container[:12]} or target in member.names:
                yield alias.lower(), member.container
                break
