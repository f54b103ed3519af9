"""From a State to all that follows from it: a Plan, namespaces, a wiring. Pure; what was made last is made use of again."""

from __future__ import annotations

from collections.abc import Mapping

from dataplane.daemon.specs import Sandboxes, SpecMaker
from dataplane.desired.planning import plan_of
from dataplane.desired.records import State
from dataplane.drivers import wire
from dataplane.drivers.gateway import with_host_addresses
from dataplane.model import Plan, Topology
from dataplane.parents import NOTHING, Facts
from dataplane.wiring import Wiring


class Planner:
    """Of one daemon."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._specs = SpecMaker()

    @staticmethod
    def nothing(name: str) -> Plan:
        """The plan of a daemon without networks."""
        topology = Topology(name=name, folder="/", source=name, networks={}, services={})
        return Plan(name=name, topology=topology, networks={}, instances={})

    def plan(self, state: State, seen: Facts = NOTHING) -> Plan:
        """``seen``: what the host has of the parents of networks. UserError for what cannot be."""
        return plan_of(state, self._name, seen)

    def made(self, plan: Plan, local: Mapping[str, tuple[str, ...]]) -> tuple[Sandboxes, Wiring]:
        """Namespaces and wiring. ``local``: addresses of the host by uplink: published ports are reached at those too."""
        return self._specs.of(plan), with_host_addresses(wire(plan), local)
