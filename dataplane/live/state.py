"""What the answers on the control socket share, as typed keys of the aiohttp application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from dataplane.live.ending import Ending
    from dataplane.live.execs import Execs
    from dataplane.live.lab import Lab

LAB: web.AppKey[Lab] = web.AppKey("lab")
ENDING: web.AppKey[Ending] = web.AppKey("ending")
EXECS: web.AppKey[Execs] = web.AppKey("execs")
