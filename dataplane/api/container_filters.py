"""The filters of GET /containers/json."""

from __future__ import annotations

from dataplane.api import image
from dataplane.api.call import Call
from dataplane.api.filters import Filters
from dataplane.api.ports_wish import exposed
from dataplane.api.shown_ports import port_list
from dataplane.desired import records
from dataplane.desired.records import ContainerRecord, State
from dataplane.desired.refused import Refused

KNOWN = frozenset({
    "ancestor", "before", "exited", "expose", "health", "id", "is-task", "isolation", "label", "name", "network", "publish",
    "since", "status", "volume",
})  # fmt: skip
STATES = (
    records.CREATED, records.RUNNING, records.PAUSED, records.RESTARTING, "removing", records.EXITED, records.DEAD,
)  # fmt: skip
HEALTHS = ("none", "starting", "healthy", "unhealthy")


def wanted_containers(call: Call) -> Filters:
    """Those of the request, checked."""
    wanted = call.filters().only(KNOWN)
    for name, kind, words in (("status", "state", STATES), ("health", "health", HEALTHS)):
        for word in (one[:64] for one in wanted.get(name) if one not in words):
            must = f"invalid value for {kind} ({word}): must be one of {', '.join(words)}"
            raise Refused(400, f"invalid filter '{name}={word}': {must}")
    for code in wanted.get("exited"):
        if not code.isascii() or not code.isdigit():
            raise Refused(400, f"invalid filter 'exited={code[:64]}'")
    for name in ("before", "since"):
        for reference in wanted.get(name):
            call.daemon.containers.find(reference.removeprefix("/"))
    exposed([*wanted.get("publish"), *wanted.get("expose")])
    return wanted


def chosen(call: Call, container: ContainerRecord, wanted: Filters) -> bool:
    """The container is one of those."""
    state, fate = call.daemon.state, container.fate
    if not (
        wanted.matches("id", container.id)
        and wanted.matches("name", container.name, f"/{container.name}")
        and wanted.labels(container.labels)
        and wanted.exact("status", fate.state)
        and ("exited" not in wanted or (not container.alive and fate.finished and str(fate.exit) in wanted.get("exited")))
        and wanted.boolean("is-task") is not True
        and "volume" not in wanted
    ):
        return False
    if "ancestor" in wanted:
        names = {container.image, image.tagged(container.image), image.ID}
        if not any(one in names or image.ID.removeprefix("sha256:").startswith(one) for one in wanted.get("ancestor")):
            return False
    if "health" in wanted:
        health = call.daemon.containers.health(container.id)[0] if container.healthcheck is not None else "none"
        if health not in wanted.get("health"):
            return False
    return _in_time(call, container, wanted) and _on_network(state, container, wanted) and _at_port(state, container, wanted)


def _in_time(call: Call, container: ContainerRecord, wanted: Filters) -> bool:
    find = call.daemon.containers.find
    return all(container.created < find(one.removeprefix("/")).created for one in wanted.get("before")) and all(
        container.created > find(one.removeprefix("/")).created for one in wanted.get("since")
    )


def _on_network(state: State, container: ContainerRecord, wanted: Filters) -> bool:
    if "network" not in wanted:
        return True
    mine = {container.network_mode, *container.attachments}
    mine |= {state.networks[number].name for number in container.attachments if number in state.networks}
    return any(one in mine or (len(one) >= 4 and any(number.startswith(one) for number in mine)) for one in wanted.get("network"))


def _at_port(state: State, container: ContainerRecord, wanted: Filters) -> bool:
    """`publish`: ports of the host; `expose`: the container's own. Of one that runs; either will do where both are asked for."""
    if "publish" not in wanted and "expose" not in wanted:
        return True
    publish, expose = exposed(wanted.get("publish")), exposed(wanted.get("expose"))
    return any(
        f"{port.get('PublicPort', 0)}/{port['Type']}" in publish or f"{port['PrivatePort']}/{port['Type']}" in expose
        for port in port_list(state, container)
    )
