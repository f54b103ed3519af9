"""Questions about the gateway. Each function is one path of ``tables``."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from dataplane.looking import gateway_view, questions
from dataplane.looking.inside import Question

MOST = 1 << 26


async def get_routes(asked: Question) -> web.StreamResponse:
    """A list of RouteRow."""
    return web.json_response(await asked.inside.call(gateway_view.route_rows))


async def get_neighbors(asked: Question) -> web.StreamResponse:
    """A list of NeighborRow."""
    return web.json_response(await asked.inside.call(gateway_view.neighbor_rows))


async def get_flows(asked: Question) -> web.StreamResponse:
    """A FlowsRow: ?protocol=, source=, target=, source_port=, target_port=, state= choose; ?limit= at most so many flows."""
    chosen, limit = _chosen(asked.request), questions.integer(asked.request, "limit", MOST, low=0, high=MOST)
    return web.json_response(await asked.inside.call(lambda plane: gateway_view.flow_rows(plane, chosen, limit)))


async def delete_flows(asked: Question) -> web.StreamResponse:
    """{"deleted": how many}: of the flows that are chosen, as ``get_flows`` chooses; all of them where nothing is said."""
    chosen = _chosen(asked.request)
    return web.json_response({"deleted": await asked.inside.call(lambda plane: plane.forget_flows(**chosen))})


async def get_nat(asked: Question) -> web.StreamResponse:
    """A NatsRow: ?kind=, protocol=, inside=, outside= choose; ?limit= at most so many translations."""
    query = asked.request.query
    chosen = {name: query[name] for name in ("kind", "protocol", "inside", "outside") if name in query}
    limit = questions.integer(asked.request, "limit", MOST, low=0, high=MOST)
    return web.json_response(await asked.inside.call(lambda plane: gateway_view.nat_rows(plane, chosen, limit)))


async def get_rules(asked: Question) -> web.StreamResponse:
    """A list of RuleRow: of ?network=, or of all."""
    text = asked.request.query.get("network")
    network = None if text is None else asked.inside.network(text)
    return web.json_response(await asked.inside.call(lambda plane: gateway_view.rule_rows(plane, network)))


async def get_published(asked: Question) -> web.StreamResponse:
    """A list of PublishedRow."""
    return web.json_response(gateway_view.published_rows(asked.inside.plan, asked.inside.names()))


def _chosen(request: web.Request) -> dict[str, Any]:
    words = {name: request.query[name] for name in ("protocol", "source", "target", "state") if name in request.query}
    ports = ("source_port", "target_port")
    return {**words, **{n: questions.integer(request, n, 0, low=0, high=65535) for n in ports if n in request.query}}
