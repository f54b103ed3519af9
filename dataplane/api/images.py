"""/images…: there is one, ``image`` says which."""

from __future__ import annotations

import json
import platform

from aiohttp import web

from dataplane.api import image
from dataplane.api.call import Call, answer
from dataplane.desired.refused import Refused

LIST_FILTERS = frozenset({"before", "dangling", "label", "reference", "since", "until"})
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm", "i686": "386"}


def architecture() -> str:
    """This machine's, in Go's word."""
    machine = platform.machine()
    return ARCHITECTURES.get(machine, machine)


async def listing(call: Call) -> web.StreamResponse:
    """GET /images/json."""
    wanted = call.filters().only(LIST_FILTERS)
    found = wanted.exact("reference", image.NAME) or "host:latest" in wanted.get("reference")
    if any(name in wanted for name in ("label", "before", "since")) or wanted.boolean("dangling"):
        found = False
    return answer([image.listed(call.version, _created(call))] if found else [])


async def inspect(call: Call) -> web.StreamResponse:
    """GET /images/{name}/json."""
    name = call.words["name"]
    image.known(name, any_image=call.daemon.any_image)
    return answer(image.inspected(name, architecture(), call.version, _created(call)))


def _created(call: Call) -> int:
    """As long as this daemon's state is there, the image is."""
    return min((network.created for network in call.daemon.state.networks.values()), default=0)


async def pull(call: Call) -> web.StreamResponse:
    """POST /images/create. Nothing is ever fetched; Docker's clients show only the message, so the hint stands in it."""
    if call.text("fromSrc"):
        raise Refused(501, "importing an image is not supported")
    name, tag = call.text("fromImage"), call.text("tag")
    if tag:
        name += f"@{tag}" if tag.startswith("sha256:") else f":{tag}"
    try:
        image.known(name, any_image=call.daemon.any_image)
    except Refused as error:
        raise Refused(error.http, f"{error.what}: {error.mend}" if error.mend else error.what) from None
    line = {"status": f"Status: Image is up to date for {name}"}
    return web.Response(body=json.dumps(line).encode() + b"\r\n", content_type="application/json")
