"""The packets of a pretended daemon: its state wired as a real one's, on ports in memory, in front of the real ``CoreInside``."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from dataplane.apply import Dataplane, MemoryPorts
from dataplane.daemon.inside import CoreInside
from dataplane.desired.planning import plan_of
from dataplane.drivers import wire

if TYPE_CHECKING:
    from tests.dataplane.api.fake import Fake


class FakeCore:
    """What ``CoreInside`` asks a core for."""

    def __init__(self, daemon: Fake) -> None:
        self._daemon = daemon
        self.ports = MemoryPorts()
        self.dataplane = Dataplane(self.ports)
        self.engine = self
        self.host = SimpleNamespace(warnings=["the underlay is too narrow"])

    @property
    def state(self) -> Any:
        return self._daemon.state

    @property
    def plan(self) -> Any:
        return plan_of(self.state, "fake")

    @property
    def wiring(self) -> Any:
        return wire(self.plan)

    def send(self, port: str, frame: bytes, now: float) -> None:
        """A container sends a frame."""
        self.dataplane.change_to(self.wiring)
        self.ports.push(port, frame)
        self.dataplane.engine.run_until_idle(int(now * 1e9))
        self.ports.take()

    async def call(self, work: Callable[[Any], Any]) -> Any:
        self.dataplane.change_to(self.wiring)
        return work(self.dataplane)


def packets(daemon: Fake) -> tuple[FakeCore, CoreInside]:
    core = FakeCore(daemon)
    return core, CoreInside(core, lambda _container: 0)  # type: ignore[arg-type]
