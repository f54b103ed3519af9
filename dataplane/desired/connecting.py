"""`network connect` and `disconnect`: of a container that runs at once, of another from its next start on. Pure."""

from __future__ import annotations

from dataclasses import replace

from dataplane.desired import modes, ports
from dataplane.desired.attachments import attachment
from dataplane.desired.changing import put, with_container, with_endpoints, without
from dataplane.desired.endpoints import made
from dataplane.desired.records import DEAD, ContainerRecord, NetworkRecord, State
from dataplane.desired.refused import Refused
from dataplane.desired.wishes import EndpointWish

SHARED = "container sharing network namespace with another container or host cannot be connected to any other network"
HOST = "container cannot be disconnected from host network or connected to host network"
NONE = "container cannot be connected to multiple networks with one of the networks in private (none) mode"


def connect(state: State, network_id: str, container_id: str, wish: EndpointWish, *, now: int) -> State:
    """On the network as well; with an endpoint where it runs. A second time: Refused 403 where it runs, else nothing changes."""
    network, container = state.networks[network_id], state.containers[container_id]
    _require_living(container)
    wanted = attachment(network, wish)
    _require_plural(state, network, container)
    if (container_id, network_id) in state.endpoints:
        raise Refused(
            403,
            f"endpoint with name {container.name} already exists in network {network.name}",
            mend=f"disconnect it first: network disconnect {network.name} {container.name}",
        )
    if network_id in container.attachments and not container.alive:
        return state
    container = replace(container, attachments=put(container.attachments, network_id, wanted))
    state = with_container(state, container)
    if not container.alive or network.driver == "null":
        return state
    state = with_endpoints(state, [made(state, container, network, now=now)])
    return ports.republished(state, container_id)


def disconnect(state: State, network_id: str, container_id: str, *, force: bool = False) -> State:
    """Off the network; its addresses are free again. Refused 500: it is not on it; with ``force`` too."""
    network, container = state.networks[network_id], state.containers[container_id]
    if network.driver == "host" and container.network_mode == "host":
        raise Refused(400, HOST)
    if not force:
        _require_living(container)
    if network_id not in container.attachments:
        the = "" if container.alive else "the "
        raise Refused(500, f"container {container.id} is not connected to {the}network {network.name}")
    state = with_container(state, replace(container, attachments=without(container.attachments, network_id)))
    if (container_id, network_id) not in state.endpoints:
        return state
    state = replace(state, endpoints=without(state.endpoints, (container_id, network_id)))
    return ports.republished(state, container_id)


def _require_living(container: ContainerRecord) -> None:
    if container.fate.state == DEAD:
        raise Refused(
            409,
            f"Container {container.id} is marked for removal and cannot be connected or disconnected to the network",
        )


def _require_plural(state: State, network: NetworkRecord, container: ContainerRecord) -> None:
    """Who has another's namespace, or none, has no further networks."""
    if network.driver == "host":
        raise Refused(400, HOST, mend="make the container with --network host")
    if container.network_mode == "host" or container.network_mode.startswith(modes.SHARED):
        raise Refused(400, SHARED, mend="make the container with a network of its own")
    others = [state.networks[key] for key in container.attachments if key != network.id]
    if others and (network.driver == "null" or any(one.driver == "null" for one in others)):
        raise Refused(400, NONE, mend=f"disconnect it first: network disconnect none {container.name}")
