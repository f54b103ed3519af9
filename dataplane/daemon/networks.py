"""`docker network`: what is asked of the daemon becomes a state, and the state what runs."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from dataplane.daemon.core import new_id
from dataplane.desired import connecting, networks, references
from dataplane.desired.records import NetworkRecord
from dataplane.desired.refused import Refused
from dataplane.desired.wishes import EndpointWish, NetworkWish

if TYPE_CHECKING:
    from dataplane.daemon.core import Core


class Networks:
    """Of one daemon (``face.Networks``)."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def find(self, reference: str) -> NetworkRecord:
        """The network meant. Refused 404."""
        return references.network(self._core.state, reference)

    async def create(self, wish: NetworkWish) -> tuple[str, str]:
        """The id, and a warning or ""."""
        core, made = self._core, new_id()
        async with core.lock:
            try:
                around = await core.surroundings()
                state, warning = networks.create(core.state, wish, around, id=made, now=time.time_ns())
                await core.change_to(state)
            finally:
                core.host.unlock()
        return made, warning

    async def remove(self, reference: str) -> None:
        """Refused 403: somebody is on it."""
        core = self._core
        async with core.lock:
            record = self.find(reference)
            await core.change_to(networks.remove(core.state, record.id))

    async def connect(self, network: str, container: str, wish: EndpointWish) -> None:
        """Give a container an interface there: at once where it runs, else when it starts."""
        core = self._core
        async with core.lock:
            record, member = self.find(network), references.container(core.state, container)
            now = time.time_ns()
            await core.change_to(connecting.connect(core.state, record.id, member.id, wish, now=now))

    async def disconnect(self, network: str, container: str, *, force: bool = False) -> None:
        """Take it away. Refused 404: there is no such container, or in Docker's words with ``force``, no endpoint of it."""
        core = self._core
        async with core.lock:
            record = self.find(network)
            try:
                member = references.container(core.state, container)
            except Refused as refused:
                raise Refused(404, f"endpoint {container} not found") if force and refused.http == 404 else refused from None
            await core.change_to(connecting.disconnect(core.state, record.id, member.id, force=force))

    async def prune(self, chosen: Callable[[NetworkRecord], bool]) -> list[str]:
        """Remove every network without endpoints that is ``chosen`` and not predefined; their names."""
        core = self._core
        async with core.lock:
            state, names = networks.prune(core.state, chosen)
            await core.change_to(state)
        return names
