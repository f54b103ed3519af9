"""Actions -> nodes of an Engine, and the Engine's numbers -> names.

An Engine belongs to one thread and is changed between turns only; so every method here is for the thread that turns it, or is
handed to that thread whole, as a function.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from dataplane.actions import (
    IN_PLACE,
    Action,
    AddLink,
    AddNode,
    AddRule,
    ChangeLink,
    ChangeNode,
    ChangeRule,
    RemoveLink,
    RemoveNode,
    RemoveRule,
    diff,
)
from dataplane.apply import bridge_tables, drop_table, gateway_tables, segments
from dataplane.apply.gateway import Gateway
from dataplane.apply.gateway_tables import FLOWS_DTYPE, NEIGHBORS_DTYPE, ROUTES_DTYPE, RULES_DTYPE
from dataplane.apply.ports import Ports
from dataplane.apply.rows import Rows
from dataplane.apply.vtep import TunnelEnd
from dataplane.errors import UserError
from dataplane.wiring import Link, NodeSpec, RuleSpec, Wiring, titled
from fastpath import Bridge, Engine, Node, PacketPort, Port


class Dataplane:
    """A running wiring. `seed`: equal seeds, wirings and inputs give equal outputs; `burst`: frames a turn takes in at most."""

    def __init__(self, ports: Ports, *, seed: int = 0, burst: int = 256) -> None:
        self.engine = Engine(seed=seed, burst=burst)
        self.gateway: Gateway | None = None
        self.ends: dict[str, TunnelEnd] = {}
        self._seed = seed
        self._ports = ports
        self._nodes: dict[str, tuple[NodeSpec, Node]] = {}
        self._links: dict[tuple[str, str], tuple[Link, int]] = {}
        self._rules: dict[str, RuleSpec] = {}

    # -- changes --------------------------------------------------------------------------------------------------------

    @property
    def wiring(self) -> Wiring:
        """What runs now."""
        nodes, links = (spec for spec, _ in self._nodes.values()), (link for link, _ in self._links.values())
        return Wiring.of(nodes, links, self._rules.values())

    def change_to(self, wiring: Wiring) -> tuple[Action, ...]:
        """Carry out the difference, and return it. Errors: as `apply`; what was done until then stays done."""
        actions = diff(self.wiring, wiring)
        self.apply(actions)
        return actions

    def apply(self, actions: Iterable[Action]) -> None:
        """Carry out actions, between turns. Errors: UserError or OSError where a port cannot be made."""
        for action in actions:
            match action:
                case AddNode(node):
                    self._add(node)
                case RemoveNode(node):
                    self._remove(node)
                case ChangeNode(_, new):
                    self._change(new)
                case AddLink(link):
                    self._links[link.near, link.far] = link, self._join(link)
                case RemoveLink(link):
                    self._part(link)
                case ChangeLink(old_link, new_link):
                    self._change_link(old_link, new_link)
                case AddRule() | RemoveRule() | ChangeRule():
                    self._apply_rule(action)

    def _apply_rule(self, action: AddRule | RemoveRule | ChangeRule) -> None:
        match action:
            case AddRule(rule):
                self._owner(rule.node).rule(rule)
                self._rules[rule.name] = rule
            case RemoveRule(rule):
                del self._rules[rule.name]
                self._owner(rule.node).unrule(rule)
            case ChangeRule(old, new):
                if new.kind not in IN_PLACE:
                    self._owner(old.node).unrule(old)
                self._owner(new.node).rule(new)
                self._rules[new.name] = new

    def _owner(self, node: str) -> Gateway | TunnelEnd:
        """Who has rules and links of its own."""
        return self.ends[node] if node in self.ends else self._gateway()

    def _add(self, spec: NodeSpec) -> None:
        try:
            self._nodes[spec.name] = spec, self._make(spec)
        except BaseException as error:
            # What came half way is on the engine already, and its name with it.
            for node in [node for node in self.engine.nodes if node.name == spec.name]:
                self.engine.remove(node)
            if isinstance(error, MemoryError):
                raise UserError(f"there is no memory for {titled(spec)}", mend="lower dataplane.fdb_limit", status=1) from None
            raise

    def _make(self, spec: NodeSpec) -> Node:
        match spec.kind:
            case "port":
                return self._ports.make(self.engine, spec)
            case "bridge":
                settings = spec.settings
                return Bridge(self.engine, spec.name, ageing=int(settings["ageing_ns"]), limit=int(settings["fdb_limit"]))
            case "router":
                self.gateway = Gateway(self.engine, spec, self._seed)
                return self.gateway.router
            case "vtep":
                self.ends[spec.name] = end = TunnelEnd(self.engine, spec)
                return end.vtep
        if spec.kind in segments.KINDS:
            return segments.make(self.engine, spec)
        raise ValueError(f"no such kind of node: {spec.kind}")

    def _remove(self, spec: NodeSpec) -> None:
        _, node = self._nodes.pop(spec.name)
        if isinstance(node, Port):
            self._ports.discard(node)
        self.engine.remove(node)
        if spec.kind == "router":
            self.gateway = None
        self.ends.pop(spec.name, None)

    def _change(self, spec: NodeSpec) -> None:
        _, node = self._nodes[spec.name]
        if isinstance(node, Port):
            node.set_mtu(int(spec.settings["mtu"]))
            if isinstance(node, PacketPort) and "stations" in spec.settings:
                segments.take_in(node, spec.settings)
        elif isinstance(node, Bridge):
            node.set_ageing(int(spec.settings["ageing_ns"]))
        else:
            self._gateway().set(spec)
        self._nodes[spec.name] = spec, node

    def _join(self, link: Link) -> int:
        if self._routed(link):
            return self._owner(link.near).join(link, self._nodes[link.far][1])
        if (segment := self._segment(link)) is not None:
            return segments.join(link, self._nodes[link.near][1], segment)
        port, bridge = self._port(link.near), self._bridge(link.far)
        number = bridge.add_member(port, **_member(link))
        port.lead_to(bridge, number)
        return number

    def _change_link(self, old: Link, new: Link) -> None:
        _, number = self._links[new.near, new.far]
        if self._routed(new):
            self._owner(new.near).change(old, new, self._nodes[new.far][1])
        elif (segment := self._segment(new)) is not None:
            segments.change(new, number, segment)
        else:
            self._bridge(new.far).set_member(number, **_member(new))
        self._links[new.near, new.far] = new, number

    def _part(self, link: Link) -> None:
        _, number = self._links.pop((link.near, link.far))
        if self._routed(link):
            self._owner(link.near).part(link, self._nodes[link.far][1])
            return
        if (segment := self._segment(link)) is not None:
            segments.part(link, number, self._nodes[link.near][1], segment)
            return
        self._port(link.near).lead_to(None)
        self._bridge(link.far).remove_member(number)

    def _routed(self, link: Link) -> bool:
        return self._nodes[link.near][0].kind in {"router", "vtep"}

    def _segment(self, link: Link) -> segments.Segment | None:
        """What the link leads to, where that is no bridge."""
        _, node = self._nodes[link.far]
        return node if isinstance(node, segments.Segment) else None

    def _gateway(self) -> Gateway:
        assert self.gateway is not None
        return self.gateway

    def _port(self, name: str) -> Port:
        _, node = self._nodes[name]
        assert isinstance(node, Port)
        return node

    def _bridge(self, name: str) -> Bridge:
        _, node = self._nodes[name]
        assert isinstance(node, Bridge)
        return node

    # -- tables ---------------------------------------------------------------------------------------------------------

    def counters(self) -> Rows:
        """A row a node: in + cloned + originated == out + consumed + dropped + held."""
        return self.engine.counters()

    def traffic(self) -> Rows:
        """A row a port: frames and octets in from outside and out to it, and drops of the frames that came in by it."""
        return self.engine.traffic()

    def drops(self) -> Rows:
        """A row (drop_table.DROPS_DTYPE) for each reason that dropped something, by node and by port of ingress."""
        return drop_table.drops(self.engine)

    def fdb(self, network: str) -> Rows:
        """The stations that the network's bridge knows, by port and address: mac, port, age (s), static. Errors: UserError."""
        self._require_network(network)
        return bridge_tables.fdb(self.stations(network), self.member_names(network))

    def _require_network(self, network: str) -> None:
        bridges = [name for name, (spec, _) in self._nodes.items() if spec.kind == "bridge"]
        if f"bridge {network}" not in bridges:
            known = ", ".join(name.removeprefix("bridge ") for name in bridges)
            raise UserError(
                f"there is no bridge network {network!r}", mend=f"the networks are {known}" if known else "there are none"
            )

    def stations(self, network: str) -> Rows:
        """The same as the bridge has it, with numbers of members: mac, member, age_ns, static."""
        return self._bridge(f"bridge {network}").stations(self.engine.now)

    def moving(self, network: str) -> Rows:
        """Stations that keep moving: mac, moves, and from and to which member the latest was."""
        rows: Rows = self._bridge(f"bridge {network}").moving(self.engine.now)
        return rows

    def member_names(self, network: str) -> list[str]:
        """What the members of a network's bridge are called: ports, the router, and other VTEPs by their addresses."""
        names = [name or "" for name in self._bridge(f"bridge {network}").names]
        for name, end in self.ends.items():
            for member, peer in end.members(network, self.engine.now).items():
                names[member] = f"{name} {peer}"
        return names

    def bridges(self) -> Rows:
        """A row a bridge network: stations known, learned, moved, aged, flushed, refused by a limit; frames flooded."""
        return bridge_tables.bridges({name: node for name, (_, node) in self._nodes.items() if isinstance(node, Bridge)})

    def routes(self) -> Rows:
        """The gateway's routes (gateway_tables.ROUTES_DTYPE)."""
        return np.empty(0, ROUTES_DTYPE) if self.gateway is None else gateway_tables.routes(self.gateway)

    def neighbors(self) -> Rows:
        """The stations that the gateway knows or asks for (gateway_tables.NEIGHBORS_DTYPE)."""
        return np.empty(0, NEIGHBORS_DTYPE) if self.gateway is None else gateway_tables.neighbors(self.gateway, self.engine.now)

    def conntrack(self, *, limit: int | None = None, **chosen: str | int | None) -> Rows:
        """The gateway's flows (gateway_tables.FLOWS_DTYPE), of which all is true that is chosen. Errors: UserError."""
        if self.gateway is None:
            return np.empty(0, FLOWS_DTYPE)
        return gateway_tables.chosen_flows(self.gateway, self.engine.now, chosen, limit)

    def count_flows(self, **chosen: str | int | None) -> int:
        """How many that are, without a row for each."""
        return 0 if self.gateway is None else gateway_tables.count_flows(self.gateway, self.engine.now, chosen)

    def flows_known(self) -> tuple[int, int]:
        """How many flows are known, and how many can be."""
        return (0, 0) if self.gateway is None else (self.gateway.flows.count, self.gateway.flows.capacity)

    def forget_flows(self, **chosen: str | int | None) -> int:
        """Forget the chosen flows; how many that were. Errors: UserError."""
        return 0 if self.gateway is None else gateway_tables.forget(self.gateway, chosen)

    def nat(self, *, limit: int | None = None, **chosen: str | int | None) -> tuple[Rows, int]:
        """Translations in use (gateway_tables.NAT_DTYPE) of which all is true that is chosen; `limit` of them at most, and how many
        flows have another. Errors: UserError."""
        if self.gateway is None:
            return np.empty(0, gateway_tables.NAT_DTYPE), 0
        return gateway_tables.translations(self.gateway, self.engine.now, chosen, limit)

    def rules(self, network: str | None = None) -> Rows:
        """Rules in force (gateway_tables.RULES_DTYPE), of one network or of all."""
        rows = np.empty(0, RULES_DTYPE) if self.gateway is None else gateway_tables.rules(self.gateway)
        return rows if network is None else rows[rows["network"] == network]


def _member(link: Link) -> dict[str, Any]:
    settings = link.settings
    return {"hairpin": settings["hairpin"], "isolated": settings["isolated"], "limit": int(settings["fdb_limit"])}
