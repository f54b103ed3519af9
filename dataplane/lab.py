"""A Compose file on in-memory ports: no root, no TAP, no clock.

lab = Lab.load("examples/bridge.yaml")
out = lab.inject("web", frame, now=1.0)      # as if sent BY web: [(port, frame), ...]
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, SupportsBytes

from dataplane import compose
from dataplane.apply import Dataplane, MemoryPorts
from dataplane.apply.rows import Rows
from dataplane.drivers import wire
from dataplane.model import Plan, Topology
from dataplane.plan import make_plan
from dataplane.portnames import resolve_port

Emitted = list[tuple[str, bytes]]
Frame = bytes | bytearray | memoryview | SupportsBytes


class Lab:
    """A lab and its time, which the caller moves: `now` in seconds or `now_ns` in nanoseconds, never backwards.

    Equal seeds and equal calls give equal outputs, octet for octet.
    """

    def __init__(self, plan: Plan, *, seed: int = 0, arp: bool = False) -> None:
        self.plan = plan
        self._ports = MemoryPorts()
        self._dataplane = Dataplane(self._ports, seed=seed)
        self._dataplane.change_to(wire(plan, arp=arp))

    @classmethod
    def load(cls, source: str | Path | Mapping[str, Any] | Topology, *, seed: int = 0, arp: bool = False) -> Lab:
        """From a Compose file: its path, its text, or what a YAML reader made of it. Errors: UserError.

        Its gateway knows the file's endpoints and the MACs given there, and asks nobody; with `arp` it asks for all of them.
        """
        topology = source if isinstance(source, Topology) else compose.load(source)
        return cls(make_plan(topology), seed=seed, arp=arp)

    @property
    def ports(self) -> tuple[str, ...]:
        """Their names, in the file's order; uplinks are the last, where there are any."""
        return self.plan.ports()

    def inject(self, port: str, frame: Frame, *, now: float | None = None, now_ns: int | None = None) -> Emitted:
        """The service at `port` sends `frame` (octets, or what makes octets, as Scapy's packets do); all that is emitted up to now.

        Timers that are due fire first, each at its own time. Errors: UserError for an unknown or unclear port, ValueError for a
        time before the last one and for more than 65,549 octets.
        """
        time = self._time(now, now_ns)
        name = resolve_port(self.plan, port)
        self._ports.push(name, bytes(frame) if isinstance(frame, bytes | bytearray | memoryview) else frame.__bytes__())
        return self._run(time)

    def tick(self, *, now: float | None = None, now_ns: int | None = None) -> Emitted:
        """Time passes; all that is emitted up to now. Errors: ValueError for a time before the last one."""
        return self._run(self._time(now, now_ns))

    def counters(self) -> Rows:
        """A row a node: in + cloned + originated == out + consumed + dropped + held."""
        return self._dataplane.counters()

    def drops(self) -> Rows:
        """A row for each reason that dropped something, by node and by port of ingress, with the reason as a sentence."""
        return self._dataplane.drops()

    def traffic(self) -> Rows:
        """A row a port: frames and octets in and out."""
        return self._dataplane.traffic()

    def fdb(self, network: str) -> Rows:
        """The stations that the network's bridge knows: mac, port, age in seconds, static. Errors: UserError: no such network."""
        return self._dataplane.fdb(network)

    def bridges(self) -> Rows:
        """A row a bridge network: stations known, learned, moved, aged, flushed, refused; frames flooded."""
        return self._dataplane.bridges()

    def conntrack(self, *, limit: int | None = None, **chosen: str | int | None) -> Rows:
        """A row a flow that the gateway follows: its two tuples, its state and its times; `limit` of them at most.

        `protocol`, `source`, `target`, `source_port`, `target_port`, `state` choose. Errors: UserError."""
        return self._dataplane.conntrack(limit=limit, **chosen)

    def nat(self, *, limit: int | None = None, **chosen: str | int | None) -> Rows:
        """A row a translation in use: kind (snat, dnat), protocol, inside, outside, flows; `limit` of them at most.

        `kind`, `protocol`, `inside`, `outside` choose. Errors: UserError."""
        return self._dataplane.nat(limit=limit, **chosen)[0]

    def rules(self, network: str | None = None) -> Rows:
        """A row a rule in force, of one network or of all: network, kind (isolation, snat, dnat), rule, hits."""
        return self._dataplane.rules(network)

    def routes(self) -> Rows:
        """A row a route of the gateway: destination, gateway ("" for none), interface (a network, or an uplink),
        network (the only one that it is for, or "")."""
        return self._dataplane.routes()

    def neighbors(self) -> Rows:
        """A row a station that the gateway knows or asks for: address, mac, interface, state."""
        return self._dataplane.neighbors()

    @property
    def now_ns(self) -> int:
        """The time of the latest call."""
        return self._dataplane.engine.now

    def _time(self, now: float | None, now_ns: int | None) -> int:
        if (now is None) == (now_ns is None):
            raise ValueError("give the time once: now in seconds, or now_ns in nanoseconds")
        time = now_ns if now_ns is not None else round((now or 0) * 1_000_000_000)
        if time < self.now_ns:
            raise ValueError(f"time goes back: {time} ns after {self.now_ns} ns")
        return time

    def _run(self, time: int) -> Emitted:
        self._dataplane.engine.run_until_idle(time)
        return [(port, octets) for port, _, octets in self._ports.take()]
