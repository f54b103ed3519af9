"""What is answered, and by whom. Everything else is 501."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web

from dataplane.api import containers, events, execs, images, lifecycle, links, lookups, networks, stats, streams, system, websocket
from dataplane.api.call import Call
from dataplane.api.looks import LOOKS
from dataplane.desired.refused import Refused

Answer = Callable[[Call], Awaitable[web.StreamResponse]]


def _route(line: str, answer: Answer) -> tuple[str, re.Pattern[str], Answer]:
    """`{name}` stands for anything but nothing, slashes too: networks may be called so."""
    method, _, path = line.partition(" ")
    words = re.split(r"\{(\w+)\}", path)
    pattern = "".join(f"(?P<{word}>.+)" if odd % 2 else re.escape(word) for odd, word in enumerate(words))
    return method, re.compile(pattern, re.DOTALL), answer


ROUTES = tuple(
    _route(line, answer)
    for line, answer in {
        "GET /_ping": system.ping,
        "HEAD /_ping": system.ping,
        "GET /version": system.version,
        "GET /info": system.info,
        "GET /events": events.events,
        "GET /dataplane/dns": lookups.listing,
        "GET /dataplane/links": links.listing,
        **LOOKS,
        "GET /networks": networks.listing,
        "GET /networks/": networks.listing,
        "POST /networks/create": networks.create,
        "POST /networks/prune": networks.prune,
        "POST /networks/{name}/connect": networks.connect,
        "POST /networks/{name}/disconnect": networks.disconnect,
        "GET /networks/{name}": networks.inspect,
        "DELETE /networks/{name}": networks.remove,
        "GET /containers/json": containers.listing,
        "POST /containers/create": containers.create,
        "POST /containers/prune": containers.prune,
        "GET /containers/{name}/json": containers.inspect,
        "GET /containers/{name}/logs": streams.logs,
        "GET /containers/{name}/stats": stats.stats,
        "GET /containers/{name}/top": stats.top,
        "POST /containers/{name}/attach": streams.attach,
        "GET /containers/{name}/attach/ws": websocket.attach,
        "POST /containers/{name}/resize": streams.resize,
        "POST /containers/{name}/exec": execs.create,
        "POST /containers/{name}/start": lifecycle.start,
        "POST /containers/{name}/stop": lifecycle.stop,
        "POST /containers/{name}/restart": lifecycle.restart,
        "POST /containers/{name}/kill": lifecycle.kill,
        "POST /containers/{name}/pause": lifecycle.pause,
        "POST /containers/{name}/unpause": lifecycle.unpause,
        "POST /containers/{name}/wait": lifecycle.wait,
        "POST /containers/{name}/rename": containers.rename,
        "DELETE /containers/{name}": containers.remove,
        "POST /exec/{id}/start": execs.start,
        "POST /exec/{id}/resize": execs.resize,
        "GET /exec/{id}/json": execs.inspect,
        "GET /images/json": images.listing,
        "POST /images/create": images.pull,
        "GET /images/{name}/json": images.inspect,
    }.items()
)


def found(method: str, path: str) -> tuple[Answer, Mapping[str, str]]:
    """Who answers, and the words of the path. Refused, 501, when nobody does."""
    for verb, pattern, answer in ROUTES:
        if verb == method and (match := pattern.fullmatch(path)):
            return answer, match.groupdict()
    # Docker's clients go on to the next kind of object when a text says "not supported".
    raise Refused(501, f"{method} {path[:128]} is not supported by dataplane")
