"""Who is meant: a whole id, else a name, else the beginning of one id. Docker's words where that is nobody, or several."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeVar

from dataplane.desired.records import ContainerRecord, EndpointRecord, NetworkRecord, State
from dataplane.desired.refused import Refused
from dataplane.similar import similar

_Record = TypeVar("_Record", NetworkRecord, ContainerRecord)


def network(state: State, reference: str) -> NetworkRecord:
    """Refused 404: there is none; 400: several ids begin so."""
    found = _meant(state.networks, reference, reference)
    if len(found) > 1:
        raise Refused(400, f"network {reference} is ambiguous ({len(found)} matches found based on ID prefix)")
    if not found:
        raise Refused(404, f"network {reference} not found", mend=_near(state.networks, reference))
    return found[0]


def container(state: State, reference: str) -> ContainerRecord:
    """Refused 404: there is none; 400: several ids begin so. A name may have the slash that `inspect` shows."""
    found = _meant(state.containers, reference, reference.removeprefix("/"))
    if len(found) > 1:
        raise Refused(400, f"multiple IDs found with provided prefix: {reference}")
    if not found:
        raise Refused(404, f"No such container: {reference}", mend=_near(state.containers, reference))
    return found[0]


def endpoints_of(state: State, container_id: str) -> tuple[EndpointRecord, ...]:
    """Those of a container, in the order of its interfaces."""
    record = state.containers[container_id]
    found = (state.endpoints.get((container_id, network_id)) for network_id in record.attachments)
    return tuple(sorted((one for one in found if one is not None), key=lambda one: one.order))


def members(state: State, network_id: str) -> Iterator[EndpointRecord]:
    """The endpoints on a network."""
    return (one for one in state.endpoints.values() if one.network == network_id)


def _near(records: Mapping[str, _Record], reference: str) -> str:
    """What was meant, perhaps; "" where nothing is like it."""
    near = similar(reference, (one.name for one in records.values()))
    return f"did you mean {near[0]}?" if near else ""


def _meant(records: Mapping[str, _Record], reference: str, name: str) -> list[_Record]:
    """One, or all whose ids begin so."""
    found = records.get(reference) or next((one for one in records.values() if one.name == name), None)
    if found is not None:
        return [found]
    return [one for id, one in records.items() if id.startswith(reference)] if reference else []
