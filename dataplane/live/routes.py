"""The paths of the control socket. Version 1 stays as it is; what changes incompatibly becomes version 2."""

from __future__ import annotations

from collections.abc import Iterable

from aiohttp import web

from dataplane.live import answers, changes, exec_answers, gateway_answers, history, vtep_answers


def routes() -> Iterable[web.RouteDef]:
    """Every path, and who answers."""
    return [
        web.get("/v1/ping", answers.ping),
        web.get("/v1/lab", answers.lab),
        web.get("/v1/instances", answers.instances),
        web.get("/v1/stats", answers.get_stats),
        web.get("/v1/drops", answers.drops),
        web.get("/v1/counters", answers.counters),
        web.get("/v1/graph", answers.graph),
        web.get("/v1/networks/{network}/fdb", answers.get_fdb),
        web.get("/v1/routes", gateway_answers.get_routes),
        web.get("/v1/neighbors", gateway_answers.get_neighbors),
        web.get("/v1/flows", gateway_answers.get_flows),
        web.delete("/v1/flows", gateway_answers.delete_flows),
        web.get("/v1/nat", gateway_answers.get_nat),
        web.get("/v1/rules", gateway_answers.get_rules),
        web.get("/v1/published", gateway_answers.get_published),
        web.get("/v1/vteps", vtep_answers.get_vteps),
        web.get("/v1/logs", history.get_logs),
        web.get("/v1/events", history.get_events),
        web.post("/v1/apply", changes.apply),
        web.post("/v1/stop", changes.stop),
        web.post("/v1/instances/{name}/exec", exec_answers.create),
        web.post("/v1/exec/{id}/start", exec_answers.start),
        web.post("/v1/exec/{id}/resize", exec_answers.resize),
        web.get("/v1/exec/{id}", exec_answers.inspect),
    ]
