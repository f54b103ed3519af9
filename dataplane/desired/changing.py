"""A State with something else in it. What is not touched is the very same object, so that who compares need not look inside."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TypeVar

from dataplane.desired.records import ContainerRecord, EndpointRecord, NetworkRecord, State

K = TypeVar("K")
V = TypeVar("V")


def put(mapping: Mapping[K, V], key: K, value: V) -> Mapping[K, V]:
    """With `key`, at its place where it was there, else at the end."""
    return MappingProxyType({**mapping, key: value})


def without(mapping: Mapping[K, V], *keys: K) -> Mapping[K, V]:
    """Less those keys that there are; the same object where there are none."""
    if not any(key in mapping for key in keys):
        return mapping
    left = dict(mapping)
    for key in keys:
        left.pop(key, None)
    return MappingProxyType(left)


def with_network(state: State, record: NetworkRecord) -> State:
    """The network is so."""
    return replace(state, networks=put(state.networks, record.id, record))


def with_container(state: State, record: ContainerRecord) -> State:
    """The container is so."""
    return replace(state, containers=put(state.containers, record.id, record))


def with_endpoints(state: State, records: Iterable[EndpointRecord]) -> State:
    """These endpoints are there."""
    more = {(one.container, one.network): one for one in records}
    return replace(state, endpoints=MappingProxyType({**state.endpoints, **more})) if more else state


def asleep(old: State, new: State) -> bool:
    """Only what does not run is another: nothing has to be made so."""
    same = (
        old.networks is new.networks
        and old.endpoints is new.endpoints
        and old.published is new.published
        and old.uplinks is new.uplinks
    )
    if not same:
        return False
    before, after = old.containers, new.containers
    gone = (one for key, one in before.items() if after.get(key) is not one)
    come = (one for key, one in after.items() if before.get(key) is not one)
    return not any(one.alive for one in (*gone, *come))
