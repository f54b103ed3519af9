"""Who is meant: a whole id, else a name, else the beginning of one id. Docker's words where that is nobody, or several."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dataplane.desired.records import ContainerRecord, EndpointRecord, NetworkRecord, State
from dataplane.desired.refused import Refused


def network(state: State, reference: str) -> NetworkRecord:
    """Refused 404: there is none; 400: several ids begin so."""
    found = state.networks.get(reference) or next((one for one in state.networks.values() if one.name == reference), None)
    if found is not None:
        return found
    begun = _beginning(reference, state.networks)
    if len(begun) > 1:
        raise Refused(400, f"network {reference} is ambiguous ({len(begun)} matches found based on ID prefix)")
    if not begun:
        raise Refused(404, f"network {reference} not found")
    return state.networks[begun[0]]


def container(state: State, reference: str) -> ContainerRecord:
    """Refused 404: there is none; 400: several ids begin so. A name may have the slash that `inspect` shows."""
    name = reference.removeprefix("/")
    found = state.containers.get(reference) or next((one for one in state.containers.values() if one.name == name), None)
    if found is not None:
        return found
    begun = _beginning(reference, state.containers)
    if len(begun) > 1:
        raise Refused(400, f"multiple IDs found with provided prefix: {reference}")
    if not begun:
        raise Refused(404, f"No such container: {reference}")
    return state.containers[begun[0]]


def endpoints_of(state: State, container_id: str) -> tuple[EndpointRecord, ...]:
    """Those of a container, in the order of its interfaces."""
    record = state.containers[container_id]
    found = (state.endpoints.get((container_id, network_id)) for network_id in record.attachments)
    return tuple(sorted((one for one in found if one is not None), key=lambda one: one.order))


def members(state: State, network_id: str) -> Iterator[EndpointRecord]:
    """The endpoints on a network."""
    return (one for one in state.endpoints.values() if one.network == network_id)


def _beginning(reference: str, ids: Iterable[str]) -> list[str]:
    return [one for one in ids if one.startswith(reference)] if reference else []
