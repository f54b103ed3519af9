"""The paths of the control socket. Version 1 stays as it is; what changes incompatibly becomes version 2."""

from __future__ import annotations

from collections.abc import Iterable

from aiohttp import web

from dataplane.live import answers, changes, exec_answers, history
from dataplane.live.inside import asked
from dataplane.looking.tables import TABLES


def routes() -> Iterable[web.RouteDef]:
    """Every path, and who answers."""
    return [
        web.get("/v1/ping", answers.ping),
        web.get("/v1/lab", answers.lab),
        web.get("/v1/instances", answers.instances),
        *(web.route(method, f"/v1/{path}", asked(answer)) for (method, path), answer in TABLES.items()),
        web.get("/v1/logs", history.get_logs),
        web.get("/v1/events", history.get_events),
        web.post("/v1/apply", changes.apply),
        web.post("/v1/stop", changes.stop),
        web.post("/v1/instances/{name}/exec", exec_answers.create),
        web.post("/v1/exec/{id}/start", exec_answers.start),
        web.post("/v1/exec/{id}/resize", exec_answers.resize),
        web.get("/v1/exec/{id}", exec_answers.inspect),
    ]
