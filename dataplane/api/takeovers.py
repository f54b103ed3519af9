"""Where the server keeps what it has taken over."""

from __future__ import annotations

from aiohttp import web

from dataplane.api.takeover import Takeovers

TAKEOVERS = web.AppKey("takeovers", Takeovers)
