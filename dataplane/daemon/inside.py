"""A daemon's core as something to look into (``looking.inside.Inside``): its tables, in the names of networks and containers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from dataplane.daemon.container.usage import queues
from dataplane.daemon.core import Core
from dataplane.desired import references
from dataplane.desired.refused import Refused
from dataplane.looking.networks import unknown
from dataplane.model import Plan
from dataplane.wiring import Wiring

_T = TypeVar("_T")


class CoreInside:
    """Of one core, as it is now. ``shim``: the pid of a container's, by its id; 0 where it does not run."""

    def __init__(self, core: Core, shim: Callable[[str], int]) -> None:
        self._core, self._shim = core, shim

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

    async def queues(self) -> Mapping[str, int]:
        """Their tx_dropped, as the shims of the containers that run see it."""
        state = self._core.state
        shims = [(record, self._shim(record.id)) for record in state.containers.values() if record.alive]

        def read() -> Mapping[str, int]:
            found: dict[str, int] = {}
            for record, shim in shims:
                dropped = queues(shim) if shim else {}
                rows = (state.endpoints.get((record.id, network)) for network in record.attachments)
                endpoints = [row.endpoint for row in rows if row is not None]
                found |= {one.port: dropped[one.interface] for one in endpoints if one.interface in dropped}
            return found

        return await asyncio.to_thread(read)
