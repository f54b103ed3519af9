"""/containers: making, listing, showing and removing them."""

from __future__ import annotations

import re

from aiohttp import web

from dataplane.api import image
from dataplane.api.asked_container import ContainerCreateRequest
from dataplane.api.call import Call, answer, nothing
from dataplane.api.container_filters import chosen, wanted_containers
from dataplane.api.container_wish import container_wish
from dataplane.api.networks import PRUNE_FILTERS, until
from dataplane.api.shown_container import container_object, container_summary
from dataplane.desired.refused import Refused

_NAME = re.compile(r"/?[a-zA-Z0-9][a-zA-Z0-9_.-]+")


async def create(call: Call) -> web.StreamResponse:
    """POST /containers/create."""
    asked = await call.body(ContainerCreateRequest)
    name = call.text("name")
    if name and (len(name) > 255 or not _NAME.fullmatch(name)):
        raise Refused(400, f"Invalid container name ({name[:64]}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed")
    image.known(asked.Image, any_image=call.daemon.any_image)
    wish, warnings = container_wish(asked, name.removeprefix("/"), call.version)
    try:
        number, more = await call.daemon.containers.create(wish)
    except Refused as error:
        if error.http != 404:
            raise
        # To Docker's clients 404 means here that the image is missing, which they would set out to pull.
        raise Refused(400, error.what, mend=error.mend) from None
    return answer({"Id": number, "Warnings": [*more, *warnings]}, status=201)


async def listing(call: Call) -> web.StreamResponse:
    """GET /containers/json: the newest first."""
    wanted = wanted_containers(call)
    limit = call.integer("limit", 0, low=-1, high=2**31)
    everything = call.flag("all") or limit > 0 or "status" in wanted
    size = call.flag("size")
    newest = sorted(call.daemon.state.containers.values(), key=lambda container: container.created, reverse=True)
    found = [one for one in newest if (everything or one.alive) and chosen(call, one, wanted)]
    return answer([container_summary(call.daemon, one, call.version, size=size) for one in (found[:limit] if limit > 0 else found)])


async def inspect(call: Call) -> web.StreamResponse:
    """GET /containers/{name}/json."""
    container = call.daemon.containers.find(call.name)
    return answer(container_object(call.daemon, container, call.version, size=call.flag("size")))


async def remove(call: Call) -> web.StreamResponse:
    """DELETE /containers/{name}. ``v`` has nothing to do here; ``link`` would take a link only, which nobody needs any more."""
    if call.flag("link"):
        raise Refused(501, "removing a link is not supported")
    await call.daemon.containers.remove(call.name, force=call.flag("force"))
    return nothing()


async def prune(call: Call) -> web.StreamResponse:
    """POST /containers/prune."""
    wanted = call.filters().only(PRUNE_FILTERS)
    before = until(wanted)
    numbers = await call.daemon.containers.prune(
        lambda container: wanted.labels(container.labels) and (not before or container.created < before)
    )
    return answer({"ContainersDeleted": numbers or None, "SpaceReclaimed": 0})


async def rename(call: Call) -> web.StreamResponse:
    """POST /containers/{name}/rename."""
    name = call.text("name")
    if not name:
        raise Refused(400, "Neither old nor new names may be empty")
    if len(name) > 255 or not _NAME.fullmatch(name):
        raise Refused(
            400, f"Error when allocating new name: Invalid container name ({name[:64]}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed"
        )
    await call.daemon.containers.rename(call.name, name.removeprefix("/"))
    return nothing()
