"""What is known on a network: names and addresses of the endpoints on it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from dataplane.desired.records import PREDEFINED, ContainerRecord, EndpointRecord, NetworkRecord, State
from dataplane.model import IPAddress

Addresses = tuple[IPAddress, ...]


@dataclass(frozen=True, slots=True)
class Zone:
    """A user-defined network. ``addresses``: by name in lower case; ``names``: the first name, by address; ``members``: by
    container's id."""

    network: NetworkRecord
    addresses: Mapping[str, Addresses]
    names: Mapping[IPAddress, str]
    members: Mapping[str, EndpointRecord]


def addresses_of(record: EndpointRecord) -> Addresses:
    """Those that an endpoint has, IPv4 first."""
    return tuple(address for address in (record.endpoint.ipv4, record.endpoint.ipv6) if address is not None)


def endpoints_of(state: State, container: ContainerRecord) -> tuple[EndpointRecord, ...]:
    """Those that a container has now, in the order of connecting."""
    found = [record for key in container.attachments if (record := state.endpoints.get((container.id, key))) is not None]
    return tuple(sorted(found, key=lambda record: record.order))


def zone(network: NetworkRecord, members: Iterable[EndpointRecord]) -> Zone:
    """The zone of a network with these endpoints. A name that several have leads to all of them."""
    addresses: dict[str, dict[IPAddress, None]] = {}
    names: dict[IPAddress, str] = {}
    by_container = {}
    for member in members:
        by_container[member.container] = member
        own = addresses_of(member)
        for name in member.names:
            addresses.setdefault(name.lower(), {}).update(dict.fromkeys(own))
        if member.names:
            names |= dict.fromkeys(own, member.names[0])
    return Zone(network, {name: tuple(found) for name, found in addresses.items()}, names, by_container)


@dataclass(slots=True)
class Zones:
    """The zones of one State after the other: a network where nothing changed keeps its zone, the same object."""

    zones: Mapping[str, Zone] = field(default_factory=lambda: MappingProxyType({}))
    _members: dict[str, tuple[EndpointRecord, ...]] = field(default_factory=dict)

    def follow(self, state: State) -> None:
        """Learn what has changed."""
        members: dict[str, list[EndpointRecord]] = {key: [] for key, network in state.networks.items() if resolves(network)}
        for record in state.endpoints.values():
            if record.network in members:
                members[record.network].append(record)
        zones = {}
        for key, found in members.items():
            network, now, old = state.networks[key], tuple(found), self.zones.get(key)
            # Records are the same objects where nothing happened to them: the comparison looks no deeper.
            same = old is not None and old.network == network and self._members.get(key) == now
            zones[key] = old if old is not None and same else zone(network, now)
            self._members[key] = now
        for gone in self._members.keys() - zones.keys():
            del self._members[gone]
        self.zones = zones


def resolves(network: NetworkRecord) -> bool:
    """Names are answered on it: on every network that a user made."""
    return network.name not in PREDEFINED and not network.config_only
