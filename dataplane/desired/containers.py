"""Containers: made, renamed, removed. What becomes of one that runs is in ``life``. Pure; the words are Docker's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from dataplane.desired import modes, naming
from dataplane.desired.attachments import attachment
from dataplane.desired.changing import with_container, with_endpoints, without
from dataplane.desired.endpoints import names
from dataplane.desired.networks import DEFAULT
from dataplane.desired.records import PREDEFINED, ContainerRecord, NetworkRecord, State
from dataplane.desired.references import container as find
from dataplane.desired.references import endpoints_of, network
from dataplane.desired.refused import Refused
from dataplane.desired.wishes import ContainerWish, EndpointWish
from dataplane.model import Attachment


def create(state: State, wish: ContainerWish, *, id: str, now: int) -> tuple[State, ContainerRecord, list[str]]:
    """With the container, it, and warnings. `id`: 64 hexadecimal digits that nobody has. Refused in Docker's words."""
    name = wish.name.removeprefix("/")
    if name:
        naming.require_free(state, name)
    mode = modes.decided(state, wish.network_mode)
    naming.require_words(wish)
    modes.require_no_conflict(wish, mode)
    record = replace(
        wish.record,
        id=id,
        name=name or naming.invented(state, id),
        created=now,
        network_mode=mode,
        hostname=wish.record.hostname or ("" if mode == "host" or mode.startswith(modes.SHARED) else id[:12]),
        attachments=_attachments(state, wish, mode),
        links=_links(state, wish) if mode == DEFAULT else (),
    )
    return with_container(state, record), record, modes.warnings(record)


def rename(state: State, container_id: str, name: str) -> State:
    """With another name, also for the embedded DNS; the port that it has keeps its name. Refused 400, 409."""
    record, name = state.containers[container_id], name.removeprefix("/")
    if not name:
        raise Refused(400, "Neither old nor new names may be empty")
    if name == record.name:
        raise Refused(400, "Renaming a container with the same name as its current name")
    try:
        naming.require_free(state, name)
    except Refused as refused:
        if refused.http != 409:
            raise
        raise Refused(409, f"Error when allocating new name: {refused.what}", mend=refused.mend) from None
    renamed = replace(record, name=name)
    mine = endpoints_of(state, container_id)
    again = [replace(one, names=names(renamed, state.networks[one.network], record.attachments[one.network])) for one in mine]
    return with_endpoints(with_container(state, renamed), again)


def remove(state: State, container_id: str) -> State:
    """Without it. Refused 409: it runs, and has to be stopped or killed first."""
    record = state.containers[container_id]
    if record.alive or record.fate.state == "restarting":
        advice = "unpaused first" if record.fate.state == "paused" else "stopped"
        raise Refused(
            409,
            f'cannot remove container "/{record.name}": container is {record.fate.state}: '
            + ("container must be unpaused first" if advice != "stopped" else "stop the container before removing or force remove"),
            mend=f"rm --force {record.name}",
        )
    return replace(state, containers=without(state.containers, container_id), published=without(state.published, container_id))


def prune(state: State, chosen: Callable[[ContainerRecord], bool]) -> tuple[State, list[str]]:
    """Without those that do not run and are ``chosen``; their ids."""
    gone = [one.id for one in state.containers.values() if not one.alive and one.fate.state != "restarting" and chosen(one)]
    return replace(state, containers=without(state.containers, *gone)), gone


def _attachments(state: State, wish: ContainerWish, mode: str) -> Mapping[str, Attachment]:
    """The network of the mode first, then those asked for besides. Refused, with the network's name, for what cannot be."""
    if mode == "host" or mode.startswith(modes.SHARED):
        return MappingProxyType({})
    asked: dict[str, EndpointWish] = {}
    absent = {wish.network_mode} if mode not in state.networks and mode not in PREDEFINED else set()
    for reference, one in wish.networks.items():
        if reference not in absent:
            asked[_asked(state, DEFAULT if reference == "default" else reference).id] = one
    if not absent and (not asked or mode != DEFAULT):
        first = network(state, mode)
        asked = {first.id: asked.get(first.id, EndpointWish()), **asked}
    if len(asked) > 1 and mode == "none":
        raise Refused(400, "container cannot be connected to multiple networks with one of the networks in private (none) mode")
    found = {}
    for key, one in asked.items():
        record = state.networks[key]
        if record.driver == "host":
            raise Refused(400, "container cannot be disconnected from host network or connected to host network")
        try:
            found[key] = attachment(record, one)
        except Refused as refused:
            raise Refused(refused.http, f"invalid config for network {record.name}: {refused.what}", mend=refused.mend) from None
    return MappingProxyType(found)


def _asked(state: State, reference: str) -> NetworkRecord:
    """Refused 400, not 404: of a 404 clients think that it is the image that is missing."""
    try:
        return network(state, reference)
    except Refused as refused:
        raise Refused(400, refused.what, mend=refused.mend) from None


def _links(state: State, wish: ContainerWish) -> tuple[tuple[str, str], ...]:
    """Those of the default bridge (`--link`): by id, so that they outlive a rename."""
    found = []
    for name, alias in wish.links:
        try:
            other = find(state, name)
        except Refused as refused:
            raise Refused(400, f"could not get container for {name}: {refused.what}", mend=refused.mend) from None
        if other.network_mode == "host":
            raise Refused(
                400,
                "conflicting options: host type networking can't be used with links. This would result in undefined behavior",
            )
        found.append((other.id, alias or other.name))
    return tuple(dict.fromkeys(found))
