"""What becomes of a container: it starts, and holds addresses and host ports; it ends, and holds none. Pure."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

from dataplane.desired import modes, ports
from dataplane.desired.attachments import attachment
from dataplane.desired.changing import with_container, with_endpoints, without
from dataplane.desired.endpoints import made
from dataplane.desired.records import CREATED, DEAD, RESTARTING, RUNNING, ContainerRecord, Fate, State
from dataplane.desired.refused import Refused
from dataplane.desired.wishes import EndpointWish


def started(state: State, container_id: str, *, now: int, taken: ports.Taken = ()) -> State:
    """It runs: an endpoint on each of its networks, and its host ports. `taken`: (protocol, port) that the host refused.

    Refused: a network is gone (404), an address or a port is another's (403, 500), whose namespace it shares does not run (409)."""
    record = state.containers[container_id]
    if record.alive:
        return state
    if record.fate.state == DEAD:
        raise Refused(409, "container is marked for removal and cannot be started")
    record = _on_its_network(state, record)
    modes.require_joinable(state, record)
    _require_linked(state, record)
    state = with_container(state, record)
    state = with_fate(state, container_id, replace(record.fate, state=RUNNING, exit=0, error="", started=now, stopped=False))
    record = state.containers[container_id]
    for key in record.attachments:
        network = state.networks[key]
        if network.driver == "null":
            continue
        state = with_endpoints(state, [made(state, record, network, now=now)])
    return ports.with_published(state, container_id, taken=taken)


def ended(state: State, container_id: str, fate: Fate) -> State:
    """It does not run: its addresses and ports are free. `fate`: what became of it, which is none of ALIVE."""
    gone = [key for key in state.endpoints if key[0] == container_id]
    state = replace(state, endpoints=without(state.endpoints, *gone), published=without(state.published, container_id))
    return with_fate(state, container_id, fate)


def failed(state: State, container_id: str, error: str, *, exit: int = 128) -> State:
    """It could not be started: it keeps nothing, stays what it was (created, exited), and says why."""
    fate = state.containers[container_id].fate
    stays = CREATED if fate.state in {CREATED, RUNNING, RESTARTING} and not fate.finished else "exited"
    return ended(state, container_id, replace(fate, state=stays, error=error, exit=exit))


def with_fate(state: State, container_id: str, fate: Fate) -> State:
    """The fate of a container; it keeps addresses and ports, if it has any (paused, unpaused, restarted so often)."""
    record = state.containers[container_id]
    return state if record.fate == fate else with_container(state, replace(record, fate=fate))


def _on_its_network(state: State, record: ContainerRecord) -> ContainerRecord:
    """What was not there when the container was made may be there by now."""
    mode = modes.decided(state, record.network_mode)
    if mode == record.network_mode:
        return record
    record = replace(record, network_mode=mode)
    if mode in state.networks and mode not in record.attachments:
        mine = attachment(state.networks[mode], EndpointWish())
        record = replace(record, attachments=MappingProxyType({mode: mine, **record.attachments}))
    return record


def _require_linked(state: State, record: ContainerRecord) -> None:
    """Those it is linked to on the default bridge run, and are on it."""
    for key, alias in record.links:
        other = state.containers.get(key)
        if other is not None and not other.alive:
            raise Refused(
                500, f"Cannot link to a non running container: /{other.name} AS /{record.name}/{alias}", mend=f"start {other.name}"
            )
