"""Names follow the daemon's state: a name server for each container that has a namespace of its own, and its files."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from dataplane.daemon.core import Core
from dataplane.daemon.names.dns import Resolver
from dataplane.daemon.names.files import Files, HostResolv
from dataplane.desired.records import State
from dataplane.errors import UserError


class Naming:
    """``files.write`` before a container's process is started; all else happens by itself."""

    def __init__(self, core: Core, host: HostResolv | None = None) -> None:
        host = host or HostResolv()
        self.files = Files(core.folder, host)
        self.resolver = Resolver(core.helper, host)
        self._core = core

    async def start(self) -> None:
        """Take up what runs already, and follow every change from now on."""
        self._core.followers.append(self.follow)
        self.files.follow(self._core.state)
        self.resolver.follow(self._core.state)
        await self._open(_living(self._core.state))

    async def follow(self, old: State, new: State) -> None:
        """The state has changed: who begins has its name server when this returns."""
        self.files.follow(new)
        self.resolver.follow(new)
        if old.containers is not new.containers:
            before, now = _living(old), _living(new)
            for container in before - now:
                await self.resolver.close(container)
            await self._open(now - before)
            for container in old.containers.keys() - new.containers.keys():
                self.files.forget(container)
        await self.resolver.settle()

    async def _open(self, containers: Iterable[str]) -> None:
        namespaces = {container: self._core.namespace(container) for container in containers}
        try:
            failed = await self.resolver.open(namespaces)
        except UserError as error:
            failed = dict.fromkeys(namespaces, error)
        for container, why in failed.items():  # it runs all the same
            print(f"container {container[:12]} has no name server: {why.what}", file=sys.stderr, flush=True)

    async def stop(self) -> None:
        """Answer nobody any more."""
        await self.resolver.stop()


def _living(state: State) -> set[str]:
    """Those in a namespace of their own."""
    return {one.id for one in state.containers.values() if one.alive and one.network_mode != "host" and ":" not in one.network_mode}
