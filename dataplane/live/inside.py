"""A lab as something to look into (``looking.inside.Inside``)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from aiohttp import web

from dataplane.live.state import LAB
from dataplane.looking.inside import Answer, Question
from dataplane.looking.networks import unknown
from dataplane.model import EMPTY, Plan
from dataplane.wiring import Wiring

if TYPE_CHECKING:
    from dataplane.live.lab import Lab

_T = TypeVar("_T")


def asked(answer: Answer) -> Callable[[web.Request], Any]:
    """``answer`` as a handler of the control socket."""

    async def handle(request: web.Request) -> web.StreamResponse:
        return await answer(Question(request, LabInside(request.app[LAB]), request.match_info))

    return handle


class LabInside:
    """Of one lab, as it is now."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab

    @property
    def plan(self) -> Plan | None:
        """What runs; None while nothing does."""
        return self._lab.plan

    @property
    def wiring(self) -> Wiring:
        """The nodes of its engine."""
        return self._lab.wiring

    @property
    def warnings(self) -> list[str]:
        """What its underlays cannot carry."""
        return [sentence for sentences in list(self._lab.host.underlays.warnings.values()) for sentence in sentences]

    async def call(self, work: Callable[[Any], _T]) -> _T:
        """By the engine's thread."""
        return await self._lab.engine.call(work)

    def network(self, text: str) -> str:
        """A network of the file, by its key."""
        plan = self._lab.plan
        if plan is None or text not in plan.networks:
            raise unknown(f"lab {self._lab.name}", text, plan.networks if plan else ())
        return text

    def names(self) -> Mapping[str, str]:
        """A lab's users know its ports by their own names."""
        return EMPTY

    async def queues(self) -> Mapping[str, int]:
        """Their tx_dropped, read inside the namespaces of its instances; what is gone is left out."""
        return await asyncio.to_thread(self._queues)

    def _queues(self) -> Mapping[str, int]:
        found: dict[str, int] = {}
        instances = self._lab.plan.instances if self._lab.plan is not None else {}
        for name, home in list(self._lab.sandboxes.items()):
            endpoints = instances[name].endpoints if name in instances else ()
            if not endpoints:
                continue
            with self._lab.helper.netlink(home.namespace) as ip:
                by_name = {link.get("IFLA_IFNAME"): link.get("IFLA_STATS64") for link in ip.get_links()}
            found |= {one.port: int(stats["tx_dropped"]) for one in endpoints if (stats := by_name.get(one.interface)) is not None}
        return found
