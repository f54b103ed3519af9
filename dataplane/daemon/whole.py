"""The whole daemon: what the API speaks to, composed of its parts."""

from __future__ import annotations

from collections.abc import Sequence

from dataplane.daemon.container.adopting import adopt
from dataplane.daemon.container.execs import Execs
from dataplane.daemon.containers import Containers
from dataplane.daemon.core import Core
from dataplane.daemon.events import Events
from dataplane.daemon.face import Lookup, Papers
from dataplane.daemon.inside import CoreInside
from dataplane.daemon.names.files import HOSTNAME, HOSTS, RESOLV
from dataplane.daemon.names.naming import Naming
from dataplane.daemon.networks import Networks
from dataplane.desired.records import State
from dataplane.proc.logfile import NAME


class Whole:
    """Of one core (``face.Daemon``). ``any_image``: every image's name stands for the host's file system."""

    def __init__(self, core: Core, *, any_image: bool = False) -> None:
        self.core, self.any_image = core, any_image
        self.events = Events()
        self.naming = Naming(core)
        self.networks = Networks(core)
        self.containers = Containers(core, self.events, self.naming.files)
        self.execs = Execs(self.containers)
        self.inside = CoreInside(core, self._shim)

    def _shim(self, container: str) -> int:
        process = self.containers.life(container).process
        return process.pid if process is not None else 0

    @property
    def state(self) -> State:
        """What is wanted now."""
        return self.core.state

    @property
    def name(self) -> str:
        """The daemon's."""
        return self.core.name

    def sandbox(self, container: str) -> str:
        """The path of the namespace that the container is in, "" where it has none."""
        return self.core.sandbox(container)

    def papers(self, container: str) -> Papers:
        """Where a container has its files on the host."""
        found = self.naming.files.shown(self.state, container)
        log = self.core.kept.place(container) / NAME
        paths = {"resolv": found.get(RESOLV, ""), "hosts": found.get(HOSTS, ""), "hostname": found.get(HOSTNAME, "")}
        return Papers(**paths, log=str(log) if log.exists() else "")

    def lookups(self, container: str) -> Sequence[Lookup]:
        """The last questions of a container's name server, and why each was answered so."""
        return self.naming.resolver.log(container)

    async def begin(self) -> None:
        """Take up the containers that an earlier daemon has left, and start those that are to run."""
        self.core.listeners.append(self.events.take)
        self.core.followers.append(self.events.follow_state)
        await self.naming.start()
        await adopt(self.containers)

    async def close(self) -> None:
        """Let go of what runs; it goes on."""
        self.containers.close()
        await self.naming.stop()
