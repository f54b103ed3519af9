"""The embedded DNS: a name server in the namespace of each container that is on a network of its user's own."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping, Sequence
from contextlib import suppress

from dataplane.daemon.face import Lookup
from dataplane.daemon.names.files import HostResolv
from dataplane.daemon.names.forwarding import Forwarder
from dataplane.daemon.names.nameserver import NameServer
from dataplane.desired.records import State
from dataplane.dns import resolvconf
from dataplane.dns.reason import elsewhere
from dataplane.dns.resolvconf import EMBEDDED
from dataplane.dns.view import View, view
from dataplane.dns.zone import Zones, endpoints_of, resolves
from dataplane.errors import UserError
from dataplane.proc.helper import Helper
from dataplane.proc.helper import NameServer as Sockets
from dataplane.proc.spec import NamespaceRef


class Resolver:
    """Used on the event loop."""

    def __init__(self, helper: Helper, host: HostResolv | None = None, *, port: int = 53) -> None:
        self._helper, self._host, self._port = helper, host or HostResolv(), port
        self._state, self._zones, self._stale = State(), Zones(), False
        self._namespaces: dict[str, NamespaceRef] = {}
        self._servers: dict[str, NameServer] = {}
        self._views: dict[str, tuple[State, View]] = {}
        self._opening: dict[str, asyncio.Task[None]] = {}

    def follow(self, state: State) -> None:
        """Answer by this state from now on. A container's first network of its user's own, connected hot, opens its sockets."""
        if state is self._state:
            return
        self._state, self._stale = state, True
        for container in self._namespaces.keys() - self._servers.keys() - self._opening.keys():
            if self._wanted(container):
                self._opening[container] = asyncio.ensure_future(self._open_late(container))

    async def open(self, namespaces: Mapping[str, NamespaceRef]) -> dict[str, UserError]:
        """Containers run in these namespaces, which exist. Their name servers are there when this returns, where they are wanted;
        else when they are. Returns why some are not."""
        for container, namespace in namespaces.items():
            await self.close(container)
            self._namespaces[container] = namespace
        return await self._open([container for container in namespaces if self._wanted(container)])

    async def _open_late(self, container: str) -> None:
        try:
            with suppress(UserError):  # the helper has gone
                await self._open([container])
        finally:
            self._opening.pop(container, None)

    async def _open(self, containers: Sequence[str]) -> dict[str, UserError]:
        namespaces = {container: self._namespaces[container] for container in containers}
        if not namespaces:
            return {}
        found = await asyncio.to_thread(self._helper.open_name_servers, list(namespaces.values()), EMBEDDED)
        failed = {}
        for (container, namespace), sockets in zip(namespaces.items(), found, strict=True):
            if isinstance(sockets, UserError):
                failed[container] = sockets
            elif self._namespaces.get(container) is not namespace:  # it has gone meanwhile
                sockets.udp.close()
                sockets.tcp.close()
            else:
                await self._serve(container, namespace, sockets)
        return failed

    async def _serve(self, container: str, namespace: NamespaceRef, sockets: Sockets) -> None:
        async def inside(kind: str, version: int) -> socket.socket:
            return await asyncio.to_thread(self._helper.open_socket, namespace, kind, version)

        forwarder = Forwarder(inside, port=self._port)
        server = self._servers[container] = NameServer(sockets, lambda: self._view(container), forwarder, self._hint)
        await server.start()

    async def settle(self) -> None:
        """Wait until what ``follow`` has begun is there."""
        await asyncio.gather(*self._opening.values(), return_exceptions=True)

    def _wanted(self, container: str) -> bool:
        record = self._state.containers.get(container)
        return record is not None and any(resolves(self._state.networks[one.network]) for one in endpoints_of(self._state, record))

    def _view(self, container: str) -> View:
        if self._stale:
            self._zones.follow(self._state)
            self._stale = False
        state, known = self._views.get(container, (None, View()))
        if state is self._state:
            return known
        record = self._state.containers.get(container)
        if record is None:
            return View()
        host = self._host.read()
        ndots = resolvconf.asked(record, host).ndots
        now = view(self._state, self._zones.zones, record, resolvconf.upstreams(record, host), ndots)
        # The same object as long as it says the same: answers that are ready stay so.
        known = known if _same(known, now) else now
        self._views[container] = self._state, known
        return known

    def _hint(self, seen: View, name: str) -> str:
        return elsewhere(self._state, self._zones.zones, seen, name) if name else ""

    async def close(self, container: str) -> None:
        """The container's namespace goes, or has gone."""
        self._namespaces.pop(container, None)
        self._views.pop(container, None)
        server = self._servers.pop(container, None)
        if server is not None:
            await server.stop()

    async def stop(self) -> None:
        """Close all of them. The redirections stay in the namespaces, until another daemon's take their place."""
        for container in list(self._namespaces):
            await self.close(container)
        await self.settle()

    def log(self, container: str) -> list[Lookup]:
        """What a container has asked, oldest first."""
        server = self._servers.get(container)
        return server.log.list() if server is not None else []

    def note(self, container: str) -> str:
        """Why a container cannot have port 53 of 127.0.0.11, "" where it can."""
        server = self._servers.get(container)
        return server.note if server is not None else ""


def _same(one: View, other: View) -> bool:
    # Zones are the same objects where nothing changed: they are not compared by what is in them.
    return (
        len(one.zones) == len(other.zones)
        and all(a is b for a, b in zip(one.zones, other.zones, strict=True))
        and (one.links, one.upstreams, one.ndots, one.outside) == (other.links, other.upstreams, other.ndots, other.outside)
    )
