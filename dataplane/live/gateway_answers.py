"""What the control socket answers about a lab's gateway. Each function is one path of ``routes``."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from dataplane.errors import UserError
from dataplane.live import gateway_view, questions
from dataplane.live.state import LAB

MOST = 1 << 26


async def get_routes(request: web.Request) -> web.StreamResponse:
    """A list of RouteRow."""
    return web.json_response(await request.app[LAB].engine.call(gateway_view.route_rows))


async def get_neighbors(request: web.Request) -> web.StreamResponse:
    """A list of NeighborRow."""
    return web.json_response(await request.app[LAB].engine.call(gateway_view.neighbor_rows))


async def get_flows(request: web.Request) -> web.StreamResponse:
    """A FlowsRow: ?protocol=, source=, target=, source_port=, target_port=, state= choose; ?limit= at most so many flows."""
    chosen, limit = _chosen(request), questions.integer(request, "limit", MOST, low=0, high=MOST)
    return web.json_response(await request.app[LAB].engine.call(lambda plane: gateway_view.flow_rows(plane, chosen, limit)))


async def delete_flows(request: web.Request) -> web.StreamResponse:
    """{"deleted": how many}: of the flows that are chosen, as ``get_flows`` chooses; all of them where nothing is said."""
    chosen = _chosen(request)
    return web.json_response({"deleted": await request.app[LAB].engine.call(lambda plane: plane.forget_flows(**chosen))})


async def get_nat(request: web.Request) -> web.StreamResponse:
    """A NatsRow: ?kind=, protocol=, inside=, outside= choose; ?limit= at most so many translations."""
    chosen = {name: request.query[name] for name in ("kind", "protocol", "inside", "outside") if name in request.query}
    limit = questions.integer(request, "limit", MOST, low=0, high=MOST)
    return web.json_response(await request.app[LAB].engine.call(lambda plane: gateway_view.nat_rows(plane, chosen, limit)))


async def get_rules(request: web.Request) -> web.StreamResponse:
    """A list of RuleRow: of ?network=, or of all."""
    found, network = request.app[LAB], request.query.get("network")
    if network is not None and (found.plan is None or network not in found.plan.networks):
        known = ", ".join(found.plan.networks) if found.plan else "not up yet"
        raise UserError(f"lab {found.name} has no network {network}", mend=f"its networks: {known}", status=1)
    return web.json_response(await found.engine.call(lambda plane: gateway_view.rule_rows(plane, network)))


async def get_published(request: web.Request) -> web.StreamResponse:
    """A list of PublishedRow."""
    return web.json_response(gateway_view.published_rows(request.app[LAB].plan))


def _chosen(request: web.Request) -> dict[str, Any]:
    words = {name: request.query[name] for name in ("protocol", "source", "target", "state") if name in request.query}
    ports = ("source_port", "target_port")
    return {**words, **{n: questions.integer(request, n, 0, low=0, high=65535) for n in ports if n in request.query}}
