"""What the control socket tells about the past, and goes on telling: logs and events."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from aiohttp import web

from dataplane.live import logs
from dataplane.live.lookup_instance import named
from dataplane.live.state import LAB
from dataplane.looking import questions
from dataplane.looking.stream import lines


async def get_logs(request: web.Request) -> web.StreamResponse:
    """Lines of rows.LogRow: of ?service= (may come again; all without), ?since= ns, the last ?tail= of each, ?follow=1 for ever."""
    lab = request.app[LAB]
    services = request.query.getall("service", [])
    names = [one for service in services for one in named(lab, service)] if services else list(lab.supervisors)
    since = questions.integer(request, "since", 0, low=0, high=2**63)
    tail = questions.integer(request, "tail", -1, low=-1, high=2**31)
    follow = questions.flag(request, "follow")

    wanted = None if follow and not services else names
    rows = logs.logs(lab.folder, lambda: lab.supervisors, wanted, since=since, tail=None if tail < 0 else tail, follow=follow)
    return await lines(request, rows)


async def get_events(request: web.Request) -> web.StreamResponse:
    """Lines of rows.EventRow after number ?since=; ?follow=1 for ever."""
    events = request.app[LAB].events
    since = questions.integer(request, "since", 0, low=0, high=2**63)
    if questions.flag(request, "follow"):
        return await lines(request, events.follow(since))

    async def kept() -> AsyncGenerator[object, None]:
        for event in events.since(since):
            yield event

    return await lines(request, kept())
