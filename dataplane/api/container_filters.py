"""The filters of GET /containers/json."""

from __future__ import annotations

from dataplane.api import image
from dataplane.api.call import Call
from dataplane.api.filters import Filters
from dataplane.api.ports_wish import exposed
from dataplane.api.shown_ports import places
from dataplane.desired import records
from dataplane.desired.records import ContainerRecord, State
from dataplane.desired.refused import Refused

KNOWN = frozenset({
    "ancestor", "before", "exited", "expose", "health", "id", "is-task", "isolation", "label", "name", "network", "publish",
    "since", "status", "volume",
})  # fmt: skip
STATES = frozenset({
    records.CREATED, records.RUNNING, records.PAUSED, records.RESTARTING, records.EXITED, records.DEAD, "removing",
})  # fmt: skip


def wanted_containers(call: Call) -> Filters:
    """Those of the request, checked."""
    wanted = call.filters().only(KNOWN)
    for state in wanted.get("status"):
        if state not in STATES:
            raise Refused(400, f"invalid filter 'status={state[:64]}'")
    for word in wanted.get("health"):
        if word not in {"starting", "healthy", "unhealthy", "none"}:
            raise Refused(400, f"invalid filter 'health={word[:64]}'")
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
    if "publish" in wanted:
        mine = {f"{target}/{protocol}" for target, protocol, _, _ in places(state, container)}
        if not mine.intersection(exposed(wanted.get("publish"))):
            return False
    return "expose" not in wanted or bool(set(container.expose).intersection(exposed(wanted.get("expose"))))
