"""One request: its version, its query and its body, read with Docker's leniency and no more."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from aiohttp import web

from dataplane.api import asked, filters, times
from dataplane.api.versions import Version
from dataplane.daemon.face import Daemon
from dataplane.desired.refused import Refused

PATIENCE = 30.0
"""Seconds that a client may take to send a body."""
LARGEST_SIZE = 0xFFFF
"""Rows or columns: what a terminal of Linux can have."""
FALSE = frozenset({"", "0", "no", "false", "none"})
_JSON = re.compile(r"application/json\s*(;.*)?", re.IGNORECASE)
Model = TypeVar("Model", bound=asked.Asked)


@dataclass(frozen=True, slots=True)
class Call:
    """A request, the version that it is in, and what stood in its path."""

    request: web.Request
    daemon: Daemon
    version: Version
    path: str
    words: Mapping[str, str]

    @property
    def name(self) -> str:
        """Whom it is about: Docker's clients put a slash before a container's name."""
        return self.words["name"].removeprefix("/")

    def text(self, key: str, default: str = "") -> str:
        """A parameter of the query as it is."""
        return self.request.query.get(key, default)

    def flag(self, key: str, default: bool = False) -> bool:
        """Docker's: everything but a few words is true."""
        value = self.request.query.get(key)
        return default if value is None else value.strip().lower() not in FALSE

    def integer(self, key: str, default: int, *, low: int, high: int) -> int:
        """A whole number within bounds; "" is the default."""
        text = self.request.query.get(key, "")
        if not text:
            return default
        if not re.fullmatch(r"[+-]?[0-9]{1,18}", text):
            raise Refused(400, f'strconv.Atoi: parsing "{text[:64]}": invalid syntax')
        if not low <= int(text) <= high:
            raise Refused(400, f'strconv.Atoi: parsing "{text[:64]}": value out of range')
        return int(text)

    def size(self) -> tuple[int, int]:
        """Rows and columns of a terminal, ``h`` and ``w``. Refused where one is missing."""
        found = []
        for key, word in (("h", "height"), ("w", "width")):
            text = self.text(key)
            digits = re.fullmatch("[0-9]{1,18}", text)
            if not digits or int(text) > LARGEST_SIZE:
                raise Refused(400, f'invalid resize {word} "{text[:64]}": {"value out of range" if digits else "invalid syntax"}')
            found.append(int(text))
        return found[0], found[1]

    def moment(self, key: str) -> int:
        """A time, ns since 1970; 0 where there is none."""
        return times.moment(self.text(key), time.time_ns())

    def filters(self) -> filters.Filters:
        """Those of the query."""
        return filters.parsed(self.text("filters"))

    async def body(self, model: type[Model], *, needed: bool = True) -> Model:
        """The body as ``model``. Not ``needed``: an empty one is a model's defaults."""
        data = await self.octets()
        if not needed and not data.strip():
            return model()
        kind = self.request.headers.get("Content-Type", "")
        if data and not kind:
            raise Refused(400, "malformed Content-Type header (): mime: no media type")
        if data and not _JSON.fullmatch(kind):
            raise Refused(400, f"unsupported Content-Type header ({kind[:64]}): must be 'application/json'")
        return asked.read(model, data)

    async def octets(self) -> bytes:
        """The body; a client that takes longer than PATIENCE is given up."""
        try:
            async with asyncio.timeout(PATIENCE):
                return await self.request.read()
        except TimeoutError:
            raise web.HTTPRequestTimeout(text="the body took too long") from None
        except web.HTTPRequestEntityTooLarge:
            raise Refused(413, "the body is too large") from None


def answer(value: object, status: int = 200) -> web.Response:
    """JSON, with a newline as Docker ends it."""
    data = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") + b"\n"
    return web.Response(body=data, status=status, content_type="application/json")


def nothing(status: int = 204) -> web.Response:
    """No body."""
    return web.Response(status=status)
