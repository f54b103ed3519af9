"""A State becomes the Plan of what runs: its networks, the containers that are alive, the ways out. Pure, and cheap to ask again.

What is made of records is remembered by the very objects it was made of: a State that differs from the last in one container costs
one instance. The memory holds one State's worth for each daemon's name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import chain
from types import MappingProxyType

from dataplane.desired.kinds import WIRED
from dataplane.desired.records import ContainerRecord, EndpointRecord, NetworkRecord, State
from dataplane.desired.shapes import plan_instance, plan_network
from dataplane.model import Instance, Network, Plan, Service, Topology
from dataplane.nat import Nat

NAT = Nat(resumes=True)
REMEMBERED = 8
"""Daemons in one process whose last Plan is kept in pieces."""


@dataclass(slots=True)
class _Memory:
    """By id: what a network, an instance was made of, and what came of it."""

    networks: dict[str, tuple[NetworkRecord, Network]] = field(default_factory=dict)
    instances: dict[str, tuple[ContainerRecord, tuple[EndpointRecord, ...], tuple[Network, ...], Instance]] = field(
        default_factory=dict
    )


_memories: dict[str, _Memory] = {}


def plan_of(state: State, name: str = "dataplane") -> Plan:
    """What must run. `name`: the daemon's. Networks are known by their names, instances by the containers' short ids. Parents of
    macvlan and ipvlan networks are the host's to tell: ``parents.placed``."""
    before, now = _memories.pop(name, _Memory()), _Memory()
    networks = _networks(state, before, now)
    instances = _instances(state, networks, before, now)
    _memories[name] = now
    while len(_memories) > REMEMBERED:
        del _memories[next(iter(_memories))]
    services: dict[str, Service] = {one.service.name: one.service for one in instances.values()}
    by_name = MappingProxyType({one.key: one for one in networks.values()})
    return Plan(
        name=name,
        topology=Topology(name=name, folder="/", source=name, networks=by_name, services=MappingProxyType(services), nat=NAT),
        networks=by_name,
        instances=MappingProxyType(instances),
        uplinks=state.uplinks,
        published=tuple(chain.from_iterable(state.published.values())),
    )


def _networks(state: State, before: _Memory, now: _Memory) -> dict[str, Network]:
    """By id, those that have a wiring."""
    found = {}
    for key, record in state.networks.items():
        if record.driver not in WIRED or record.config_only:
            continue
        known = before.networks.get(key)
        if known is None or known[0] is not record:
            known = (record, plan_network(record))
        now.networks[key] = known
        found[key] = known[1]
    return found


def _instances(state: State, networks: Mapping[str, Network], before: _Memory, now: _Memory) -> dict[str, Instance]:
    mine: dict[str, list[EndpointRecord]] = {}
    for endpoint in state.endpoints.values():
        mine.setdefault(endpoint.container, []).append(endpoint)
    found = {}
    for key, record in state.containers.items():
        if not record.alive:
            continue
        rows = mine.get(key, [])
        if len(rows) > 1:
            rows.sort(key=lambda one: one.order)
        on = [networks[one.network] for one in rows]
        known = before.instances.get(key)
        if known is None or not (known[0] is record and _same(known[1], rows) and _same(known[2], on)):
            known = (record, tuple(rows), tuple(on), plan_instance(record, rows, networks))
        now.instances[key] = known
        found[known[3].name] = known[3]
    return found


def _same(one: tuple[object, ...], other: list[EndpointRecord] | list[Network]) -> bool:
    """The very same objects."""
    return len(one) == len(other) and all(a is b for a, b in zip(one, other, strict=True))
