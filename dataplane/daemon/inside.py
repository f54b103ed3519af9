"""A daemon's core as something to look into (``looking.inside.Inside``): its tables, in the names of networks and containers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from dataplane.daemon.core import Core
from dataplane.desired import references
from dataplane.desired.refused import Refused
from dataplane.looking import queues
from dataplane.looking.networks import unknown
from dataplane.model import Plan
from dataplane.wiring import Wiring

_T = TypeVar("_T")


class CoreInside:
    """Of one core, as it is now."""

    def __init__(self, core: Core) -> None:
        self._core = core

    @property
    def plan(self) -> Plan:
        """What runs."""
        return self._core.plan

    @property
    def wiring(self) -> Wiring:
        """The nodes of its engine."""
        return self._core.wiring

    @property
    def warnings(self) -> list[str]:
        """What its underlay cannot carry."""
        return self._core.host.warnings

    async def call(self, work: Callable[[Any], _T]) -> _T:
        """By the engine's thread."""
        return await self._core.engine.call(work)

    def network(self, text: str) -> str:
        """By name, or the beginning of an id."""
        try:
            found = references.network(self._core.state, text).name
        except Refused as refused:
            if refused.http != 404:
                raise
            found = ""
        if found not in self._core.plan.networks:
            raise unknown("the daemon", text, self._core.plan.networks)
        return found

    def names(self) -> Mapping[str, str]:
        """``CONTAINER.NETWORK``: a port keeps the name that its container had when it joined; people know the one of today. A plan
        knows containers by their short ids."""
        state = self._core.state
        found = {one.short: one.name for one in state.containers.values()}
        ports = {one.endpoint.port for one in state.endpoints.values()}
        for one in state.endpoints.values():
            name = f"{state.containers[one.container].name}.{state.networks[one.network].name}"
            if name not in ports:
                found[one.endpoint.port] = name
                ports.add(name)
        return found

    def queues(self) -> Mapping[str, int]:
        """Read inside the namespaces of its containers."""
        instances, rooms = self._core.plan.instances, dict(self._core.rooms.references)
        homes = ((rooms[name], one.endpoints) for name, one in instances.items() if one.endpoints and name in rooms)
        return queues.dropped(self._core.helper, homes)
