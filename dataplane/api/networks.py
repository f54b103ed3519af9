"""/networks…"""

from __future__ import annotations

import time

from aiohttp import web

from dataplane.api import times
from dataplane.api.asked_network import ConnectRequest, DisconnectRequest, NetworkCreateRequest
from dataplane.api.call import Call, answer, nothing
from dataplane.api.endpoint_wish import endpoint_wish
from dataplane.api.filters import Filters
from dataplane.api.network_wish import network_wish
from dataplane.api.shown_network import network_object, scope, unplugged
from dataplane.desired.records import NetworkRecord, State
from dataplane.desired.refused import Refused

LIST_FILTERS = frozenset({"dangling", "driver", "id", "label", "name", "scope", "type"})
GO_BOOLEANS = frozenset({"", "1", "t", "T", "true", "TRUE", "True", "0", "f", "F", "false", "FALSE", "False"})
PRUNE_FILTERS = frozenset({"label", "label!", "until"})


async def listing(call: Call) -> web.StreamResponse:
    """GET /networks."""
    wanted = call.filters().only(LIST_FILTERS)
    for kind in wanted.get("type"):
        if kind not in {"custom", "builtin"}:
            raise Refused(400, f"invalid filter: 'type'='{kind[:64]}'")
    dangling, state = wanted.boolean("dangling"), call.daemon.state
    used = in_use(state) if dangling is not None else set()
    return answer([
        network_object(state, network, call.version, whole=False)
        for network in state.networks.values()
        if chosen(network, wanted) and (dangling is None or (network.id not in used and not network.predefined) == dangling)
    ])  # fmt: skip


def chosen(network: NetworkRecord, wanted: Filters) -> bool:
    """All but `dangling`."""
    kind = "builtin" if network.predefined else "custom"
    return (
        wanted.exact("driver", network.driver)
        and wanted.begins("id", network.id)
        and wanted.labels(network.labels)
        and wanted.contains("name", network.name)
        and wanted.exact("scope", scope(network))
        and wanted.exact("type", kind)
    )


def in_use(state: State) -> set[str]:
    """Ids of networks that a running container is on."""
    on_host = {network.id for network in state.networks.values() if any(unplugged(state, network))}
    return {endpoint.network for endpoint in state.endpoints.values()} | on_host


async def inspect(call: Call) -> web.StreamResponse:
    """GET /networks/{name}. ``scope``: only one of it will do; ``verbose`` adds nothing where there is no swarm."""
    verbose = call.text("verbose")
    if verbose not in GO_BOOLEANS:
        wrong = f'strconv.ParseBool: parsing "{verbose[:64]}": invalid syntax'
        raise Refused(400, f"invalid value for verbose: {verbose[:64]}: {wrong}")
    network = call.daemon.networks.find(call.words["name"])
    if call.text("scope") not in {"", scope(network)}:
        raise Refused(404, f"network {call.words['name'][:128]} not found")
    return answer(network_object(call.daemon.state, network, call.version))


async def create(call: Call) -> web.StreamResponse:
    """POST /networks/create."""
    asked = await call.body(NetworkCreateRequest)
    number, warning = await call.daemon.networks.create(network_wish(asked, call.version))
    return answer({"Id": number, "Warning": warning}, status=201)


async def remove(call: Call) -> web.StreamResponse:
    """DELETE /networks/{name}."""
    await call.daemon.networks.remove(call.words["name"])
    return nothing()


async def connect(call: Call) -> web.StreamResponse:
    """POST /networks/{name}/connect."""
    asked = await call.body(ConnectRequest)
    if not asked.Container:
        raise Refused(400, "invalid container: container is empty")
    container = asked.Container.removeprefix("/")
    await call.daemon.networks.connect(call.words["name"], container, endpoint_wish(asked.EndpointConfig))
    return nothing(200)


async def disconnect(call: Call) -> web.StreamResponse:
    """POST /networks/{name}/disconnect."""
    asked = await call.body(DisconnectRequest)
    await call.daemon.networks.disconnect(call.words["name"], asked.Container.removeprefix("/"), force=asked.Force)
    return nothing(200)


async def prune(call: Call) -> web.StreamResponse:
    """POST /networks/prune."""
    wanted = call.filters().only(PRUNE_FILTERS)
    before = until(wanted)
    names = await call.daemon.networks.prune(
        lambda network: wanted.labels(network.labels) and (not before or network.created < before)
    )
    return answer({"NetworksDeleted": names or None})


def until(wanted: Filters) -> int:
    """The time before which something was made to be pruned; 0: any."""
    values = wanted.get("until")
    if len(values) > 1:
        raise Refused(400, "more than one until filter specified")
    return times.moment(values[0], time.time_ns()) if values else 0
