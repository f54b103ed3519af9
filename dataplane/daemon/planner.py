"""From a State to all that follows from it: a Plan, namespaces, a wiring. Pure; what was made last is made use of again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from ipaddress import ip_address
from types import MappingProxyType

from dataplane.daemon.specs import Sandboxes, SpecMaker
from dataplane.desired.planning import plan_of
from dataplane.desired.records import State
from dataplane.drivers import Parts, wire
from dataplane.drivers.gateway import with_host_addresses
from dataplane.errors import UserError
from dataplane.model import IPAddress, Network, Plan, Topology
from dataplane.overlays import is_overlay, with_mtu
from dataplane.underlay import Peer, Underlay
from dataplane.underlays import underlays
from dataplane.wiring import Wiring

PEERS = "dataplane.peers"
"""Option of an overlay: the other daemons' addresses, comma between, in place of those that the daemon was given."""


def addresses(text: str) -> Iterator[IPAddress]:
    """Of peers, as written. UserError where one is none."""
    for word in filter(None, (part.strip() for part in text.split(","))):
        try:
            yield ip_address(word)
        except ValueError:
            raise UserError(f"{word} is no address of a peer", mend=f"write {PEERS}=192.0.2.2,192.0.2.3") from None


class Planner:
    """Of one daemon. ``underlay``: what carries its overlays, None where it has none."""

    def __init__(self, name: str, underlay: Underlay | None = None) -> None:
        self._name, self._underlay = name, underlay
        self._specs = SpecMaker()
        self._parts: Parts = {}
        self._overlays: dict[str, tuple[Network, Network]] = {}

    @staticmethod
    def nothing(name: str) -> Plan:
        """The plan of a daemon without networks."""
        topology = Topology(name=name, folder="/", source=name, networks={}, services={})
        return Plan(name=name, topology=topology, networks={}, instances={})

    def plan(self, state: State) -> Plan:
        """UserError for what cannot be."""
        plan = plan_of(state, self._name)
        if self._underlay is None or not any(is_overlay(network) for network in plan.networks.values()):
            return plan
        topology = replace(plan.topology, underlay=self._underlay)
        networks = {
            key: self._carried(network, topology) if is_overlay(network) else network for key, network in plan.networks.items()
        }
        topology = replace(topology, networks=MappingProxyType(networks))
        below = underlays(topology, networks, plan.uplinks)
        return replace(plan, topology=topology, networks=topology.networks, underlays=below)

    def _carried(self, network: Network, topology: Topology) -> Network:
        """With its peers and its MTU; the very same as last time where the network is."""
        known = self._overlays.get(network.key)
        if known is None or known[0] is not network:
            peers = network.options.get(PEERS)
            told = network if peers is None else replace(network, peers=tuple(Peer(address=one) for one in addresses(peers)))
            known = self._overlays[network.key] = network, with_mtu(told, topology)
        return known[1]

    def made(self, plan: Plan, local: Mapping[str, tuple[str, ...]]) -> tuple[Sandboxes, Wiring]:
        """Namespaces and wiring. ``local``: addresses of the host by uplink: published ports are reached at those too."""
        return self._specs.of(plan), with_host_addresses(wire(plan, known=self._parts), local)
