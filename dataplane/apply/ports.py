"""Who makes the ports of a dataplane: memory, captures or TAPs."""

from __future__ import annotations

from typing import Protocol

from dataplane.wiring import NodeSpec
from fastpath import Engine, Port


class Ports(Protocol):
    """Makes the ports of a dataplane: what is outside is its business."""

    def make(self, engine: Engine, spec: NodeSpec) -> Port:
        """A port for the specification, on the engine, leading nowhere yet. Errors: UserError or OSError."""

    def discard(self, port: Port) -> None:
        """The port is about to leave the engine: let go of its outside."""
