"""/dataplane/links: the bridges of networks, as `ip link` would show them. A path of our own: Docker's bridges are the kernel's."""

from __future__ import annotations

from aiohttp import web

from dataplane.api.call import Call, answer
from dataplane.desired.kinds import bridge_name
from dataplane.desired.networks import operstate
from dataplane.desired.references import members


async def listing(call: Call) -> web.StreamResponse:
    """GET /dataplane/links: of every bridge network what Docker would call its interface, its state, and who is on it."""
    state, names = call.daemon.state, call.daemon.inside.names()
    rows = [
        {
            "Network": one.name,
            "ID": one.id,
            "Link": bridge_name(one),
            "State": operstate(state, one.id),
            "Ports": [names.get(port := endpoint.endpoint.port, port) for endpoint in members(state, one.id)],
        }
        for one in state.networks.values()
        if one.driver == "bridge" and not one.config_only
    ]
    return answer(rows)
