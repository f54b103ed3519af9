"""Ports on TAP devices and the loop that turns them: what a running lab's dataplane is made of."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from typing import TypeVar

from dataplane.actions import Action, diff
from dataplane.apply import segments
from dataplane.apply.dataplane import Dataplane
from dataplane.underlay import UNDERLAY
from dataplane.wiring import NodeSpec, Wiring
from fastpath import Engine, Loop, Port, TapPort
from fastpath.device import DevicePort
from fastpath.packet import PacketPort

_T = TypeVar("_T")
Descriptors = int | tuple[int, ...]
"""Of one port: a TAP or packet socket; or the sockets of an underlay."""


class TapPorts:
    """Makes ports of descriptors that it was given by name; the loop watches them."""

    def __init__(self) -> None:
        self.given: dict[str, Descriptors] = {}
        self.loop: Loop | None = None
        self._made: dict[str, DevicePort] = {}

    def make(self, engine: Engine, spec: NodeSpec) -> Port:
        """The port of the specification on its TAP or packet socket. OSError where the descriptor is none."""
        assert self.loop is not None
        fds = self.given.pop(spec.name)
        try:
            port = _port(engine, spec, fds)
        except Exception:
            close(fds)
            raise
        self._made[spec.name] = port
        self.loop.add(port)
        return port

    def discard(self, port: Port) -> None:
        """Close its TAP, which ends with that."""
        assert isinstance(port, DevicePort)
        assert self.loop is not None
        self.loop.remove(port)
        port.close()
        del self._made[port.name]

    def close(self) -> None:
        """Close every TAP."""
        for port in self._made.values():
            port.close()


def close(fds: Descriptors) -> None:
    """Close what was given for one port."""
    for fd in fds if isinstance(fds, tuple) else (fds,):
        os.close(fd)


def _port(engine: Engine, spec: NodeSpec, fds: Descriptors) -> DevicePort:
    settings = spec.settings
    mtu, offloads = int(settings["mtu"]), bool(settings.get("offloads", True))
    if isinstance(fds, tuple):
        from fastpath.udp import UdpPort

        port: DevicePort = UdpPort(engine, spec.name, fds, mac=int(str(settings["accepts"]).replace(":", ""), 16), mtu=mtu)
        return port
    fd = fds
    if settings.get("kind") != "packet":
        return TapPort(engine, spec.name, fd, mtu=mtu, offloads=offloads)
    macs = [int(mac.replace(":", ""), 16) for mac in str(settings.get("accepts") or settings.get("stations", "")).split()]
    packet = PacketPort(engine, spec.name, fd, mtu=mtu, macs=macs, offloads=offloads, finish=spec.name.startswith(UNDERLAY))
    if "shared" in settings:
        segments.take_in(packet, settings)
    return packet


class LiveDataplane:
    """A Dataplane that runs: ``run`` belongs to one thread, ``submit`` hands that thread work for between two turns."""

    def __init__(self, *, seed: int, poll: bool = False) -> None:
        self._ports = TapPorts()
        self.dataplane = Dataplane(self._ports, seed=seed)
        self._loop = self._ports.loop = Loop(self.dataplane.engine, poll=poll)

    @property
    def event_fd(self) -> int:
        """Readable while ``link_events`` has some."""
        return self._loop.event_fd

    def link_events(self) -> list[tuple[str, str]]:
        """(port, what became of its link) since the last call: link up, link down, port gone."""
        return [(event.port, event.kind) for event in self._loop.events()]

    def look(self) -> None:
        """Ask the kernel for the state of every link; for the running thread."""
        self._loop.look()

    def run(self) -> None:
        """Turn until ``stop``."""
        self._loop.run(signals=False)

    def submit(self, work: Callable[[], _T]) -> Future[_T]:
        """Have ``work`` done by the running thread; from any thread."""
        future: Future[_T] = self._loop.submit(work)
        return future

    def stop(self) -> None:
        """Have ``run`` return; from any thread."""
        self._loop.stop()

    def change_to(self, wiring: Wiring, taps: Mapping[str, Descriptors]) -> tuple[Action, ...]:
        """As ``Dataplane.change_to``, between turns; new ports take their descriptor from ``taps``.

        What they did not take is closed."""
        actions = diff(self.dataplane.wiring, wiring)
        self.apply(actions, taps)
        return actions

    def apply(self, actions: Iterable[Action], taps: Mapping[str, Descriptors]) -> None:
        """As ``Dataplane.apply``, between turns; as ``change_to`` with what ``taps`` gives."""
        self._ports.given = dict(taps)
        try:
            self.dataplane.apply(actions)
        finally:
            for fds in self._ports.given.values():
                close(fds)
            self._ports.given = {}

    def close(self) -> None:
        """Close every port; after ``run`` has returned."""
        self._ports.close()
