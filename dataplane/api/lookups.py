"""/dataplane/dns: what containers have asked their name servers. A path of our own: Docker's API has no such thing."""

from __future__ import annotations

from aiohttp import web

from dataplane.api.call import Call, answer
from dataplane.api.times import rfc3339
from dataplane.daemon.face import Lookup
from dataplane.desired import references
from dataplane.desired.records import ContainerRecord

MOST = 100_000


async def listing(call: Call) -> web.StreamResponse:
    """GET /dataplane/dns: of ``container`` (by name or id), else of all that run; the last ``tail`` ones, oldest first."""
    state, tail = call.daemon.state, call.integer("tail", MOST, low=0, high=MOST)
    wanted = call.text("container")
    chosen = [references.container(state, wanted)] if wanted else list(state.containers.values())
    rows = [(lookup, container) for container in chosen for lookup in call.daemon.lookups(container.id)]
    rows.sort(key=lambda row: row[0].time)
    return answer([_shown(lookup, container) for lookup, container in (rows[-tail:] if tail else [])])


def _shown(lookup: Lookup, container: ContainerRecord) -> dict[str, object]:
    return {
        "Time": rfc3339(lookup.time),
        "Container": container.name,
        "ID": container.id,
        "Name": lookup.name,
        "Type": lookup.type,
        "Transport": lookup.transport,
        "Rcode": lookup.rcode,
        "Answers": lookup.answers,
        "Why": lookup.why,
    }
