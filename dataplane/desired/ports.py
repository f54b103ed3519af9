"""Host ports of a container that starts, or whose gateway changes. Pure; what the host itself refuses comes back as ``taken``."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

from dataplane.desired.changing import put, without
from dataplane.desired.records import State
from dataplane.desired.references import endpoints_of
from dataplane.desired.refused import Refused
from dataplane.desired.shapes import bindings, plan_instance, plan_network
from dataplane.errors import UserError
from dataplane.model import Network, Published
from dataplane.publish import apart, published

Taken = Collection[tuple[str, int]]


def with_published(state: State, container_id: str, *, taken: Taken = (), previous: tuple[Published, ...] = ()) -> State:
    """With the host ports of a container whose endpoints are decided, on its gateway's network. `taken`: (protocol, port) that the
    host refused. Refused 500: another has one of them, or none is free."""
    record = state.containers[container_id]
    if not bindings(record):
        return replace(state, published=without(state.published, container_id))
    mine = endpoints_of(state, container_id)
    networks = {one.network: plan_network(state.networks[one.network]) for one in mine}
    instance = plan_instance(record, mine, networks)
    by_key: Mapping[str, Network] = {one.key: one for one in networks.values()}
    others = tuple(row for key, rows in state.published.items() if key != container_id for row in rows)
    try:
        rows = published([instance], by_key, state.uplinks, record.name, previous=previous, taken=taken, others=others)
    except UserError as error:
        raise _refused(state, container_id, error) from None
    if not rows:
        return replace(state, published=without(state.published, container_id))
    return _apart(replace(state, published=put(state.published, container_id, rows)), rows)


def _apart(state: State, new: tuple[Published, ...]) -> State:
    """Who has another number on the uplink than on the host, where that one was taken, gives it up to who is new and has it."""
    moved = [row for rows in state.published.values() for row in rows if row.transfer != row.first]
    if not moved:
        return state
    fixed = {place for row in new if row.transfer == row.first for place in _places(row)}
    if not any(place in fixed for row in moved for place in _places(row)):
        return state
    every = apart(row for rows in state.published.values() for row in rows)
    found = iter(every)
    decided = {key: tuple(next(found) for _ in rows) for key, rows in state.published.items()}
    same = {key: rows for key, rows in state.published.items() if decided[key] == rows}
    return replace(state, published=MappingProxyType(decided | same))


def _places(row: Published) -> Iterator[tuple[str, str, int]]:
    """What it has on the uplink."""
    return ((row.uplink, row.protocol, row.transfer + number) for number in range(row.last - row.first + 1))


def republished(state: State, container_id: str) -> State:
    """Its ports lead to its gateway's network, which may be another now; the numbers stay."""
    before = state.published.get(container_id, ())
    return with_published(state, container_id, previous=before)


def unpublished(state: State, container_id: str) -> State:
    """Its ports are free again."""
    return replace(state, published=without(state.published, container_id))


def host_refused(state: State, container_id: str, *, address: str, port: int, protocol: str, why: str) -> Refused:
    """A port that is fixed cannot be had of the host: `why` is the kernel's word (``address already in use``)."""
    place = f"[{address}]" if ":" in address else address
    return _of_endpoint(state, container_id, f"failed to bind host port {place}:{port}/{protocol}: {why}", "")


def _refused(state: State, container_id: str, error: UserError) -> Refused:
    words = re.sub(r"^driver failed programming external connectivity on endpoint \S+: ", "", error.what)
    return _of_endpoint(state, container_id, words, error.mend)


def _of_endpoint(state: State, container_id: str, words: str, mend: str) -> Refused:
    name = state.containers[container_id].name
    endpoint = next(iter(endpoints_of(state, container_id)), None)
    return Refused(
        500,
        f"driver failed programming external connectivity on endpoint {name} ({endpoint.id if endpoint else ''}): {words}",
        mend=mend,
    )
