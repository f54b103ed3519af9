"""Ports without an outside: frames come from a program and go back to it, with the name of their port and their time."""

from __future__ import annotations

from dataplane.wiring import NodeSpec
from fastpath import Engine, MemoryPort, Outbox, Port


class MemoryPorts:
    """The memory ports of one engine; all emit into one box, in order."""

    def __init__(self) -> None:
        self._outbox = Outbox()
        self._ports: dict[str, MemoryPort] = {}
        self._names: dict[int, str] = {}

    def make(self, engine: Engine, spec: NodeSpec) -> Port:
        """The port of the specification, with its MTU."""
        port = MemoryPort(engine, spec.name, outbox=self._outbox, mtu=int(spec.settings["mtu"]))
        self._ports[spec.name] = port
        self._names[port.index] = spec.name
        return port

    def discard(self, port: Port) -> None:
        """The port is about to leave the engine."""
        del self._ports[port.name]

    def push(self, name: str, frame: bytes | bytearray | memoryview) -> None:
        """The frame arrives at the port; the next turn takes it. Errors: KeyError, ValueError beyond 65,549 octets."""
        self._ports[name].push(frame)

    def take(self) -> list[tuple[str, int, bytes]]:
        """All that was emitted since the last call, in order: (port, ns, frame)."""
        return [(self._names[index], time, octets) for index, time, octets in self._outbox.take()]
