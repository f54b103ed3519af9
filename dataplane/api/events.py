"""GET /events: what happened, and what happens."""

from __future__ import annotations

import asyncio
import time

from aiohttp import web

from dataplane.api.call import Call
from dataplane.api.filters import Filters
from dataplane.api.sending import open_stream, say
from dataplane.daemon.face import Event
from dataplane.desired.refused import Refused

KNOWN = frozenset({
    "container", "daemon", "event", "image", "label", "network", "node", "plugin", "scope", "service", "secret", "config", "type",
    "volume",
})  # fmt: skip


async def events(call: Call) -> web.StreamResponse:
    """Those since ``since`` first, then those to come, until ``until`` (which may have passed already)."""
    wanted = call.filters().only(KNOWN)
    since, until = call.moment("since"), call.moment("until")
    if until and since > until:
        raise Refused(400, "since parameter time range must be before until")
    source = call.daemon.events
    queue = source.follow()
    try:
        past = [event for event in source.past(since, until or 2**63) if chosen(event, wanted)] if since or until else []
        response = await open_stream(call, "application/json")
        for event in past:
            await say(response, event_object(event))
        newest = max((event.time for event in past), default=0)
        while True:
            left = (until - time.time_ns()) / 1e9 if until else None
            if left is not None and left <= 0:
                break
            try:
                event = await asyncio.wait_for(queue.get(), left)
            except TimeoutError:
                break
            if event.time > newest and chosen(event, wanted):
                await say(response, event_object(event))
        await response.write_eof()
        return response
    finally:
        source.leave(queue)


def chosen(event: Event, wanted: Filters) -> bool:
    """The event is one of those: Docker compares names and ids of the actor, or of its attributes."""
    of = event.attributes
    return (
        wanted.begins("event", event.action)
        and wanted.exact("type", event.type)
        and wanted.exact("scope", "local")
        and wanted.labels(of)
        and _about(event, "container", wanted)
        and _about(event, "network", wanted)
        and _about(event, "daemon", wanted)
        and ("image" not in wanted or of.get("image", "") in wanted.get("image"))
        and not any(name in wanted for name in ("node", "plugin", "service", "secret", "config", "volume"))
    )


def _about(event: Event, kind: str, wanted: Filters) -> bool:
    if kind not in wanted:
        return True
    mine = {event.attributes.get(kind, "")}
    if event.type == kind:
        mine |= {event.id, event.attributes.get("name", "")}
    return any(one == name or (len(one) >= 4 and name.startswith(one)) for one in wanted.get(kind) for name in mine if name)


def event_object(event: Event) -> dict[str, object]:
    """Docker's, with what clients of before API 1.22 read beside it."""
    body: dict[str, object] = {}
    if event.type == "container":
        body = {"status": event.action, "id": event.id, "from": event.attributes.get("image", "")}
    return body | {
        "Type": event.type,
        "Action": event.action,
        "Actor": {"ID": event.id, "Attributes": dict(event.attributes)},
        "scope": "local",
        "time": event.time // 1_000_000_000,
        "timeNano": event.time,
    }
