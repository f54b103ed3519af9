"""The router of a lab with its flows and rules: what is linked to it and what is ruled in it, by name.

Links are interfaces of the router, numbered by it; so are uplinks that are one network's own, each of which has a routing table and
a realm of that number (`by` in settings). Pools of addresses that sources become are shared: every link that asks for
equal addresses has the same one, so that an inside endpoint has one outside whatever network it is seen from.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from ipaddress import ip_interface
from typing import Any

from dataplane.wiring import Link, NodeSpec, RuleSpec, Settings
from fastpath import Bridge, Engine, Node, Port
from fastpath.flows import Flows
from fastpath.router import Router
from fastpath.rules import Rules

LINUX = "linux"
TABLES = 256  # of a router, the main one included


class Gateway:
    """Owned by a Dataplane, and as all of it for one thread, between turns."""

    def __init__(self, engine: Engine, spec: NodeSpec, seed: int) -> None:
        settings = spec.settings
        self.flows = Flows(
            capacity=int(settings["flows"]),
            seed=seed,
            mapping=str(settings["mapping"]),
            filtering=str(settings["filtering"]),
            strict=bool(settings["strict"]),
            timeouts=LINUX if settings["linux"] else _timeouts(str(settings["timeouts"])),
        )
        self.rules = Rules(self.flows)
        self.router = Router(engine, spec.name, flows=self.flows, rules=self.rules, neighbors=int(settings["neighbors"]))
        self.set(spec)
        self._interfaces: dict[str, int] = {}
        self._members: dict[str, int] = {}
        self._pools: dict[str, tuple[int, int]] = {}
        self._published: dict[str, int] = {}
        self._tables: dict[str, int] = {}
        self._joined: dict[str, str] = {}

    def set(self, spec: NodeSpec) -> None:
        """What may change while it runs: flows go on."""
        self.router.set_router(mss=spec.settings["mss"] or 0, icmp_rate=int(spec.settings["icmp_rate"]))

    # -- links ------------------------------------------------------------------------------------------------------------

    def join(self, link: Link, node: Node) -> int:
        """A new interface that leads to a bridge or a port; its number."""
        settings = link.settings
        uplink = isinstance(node, Port)
        number = self.router.add_interface(
            _name(link.far),
            mac=_mac(settings["mac"]),
            mtu=int(settings["mtu"]),
            addresses=_addresses(settings),
            reverse_path=not uplink,
            arp=not settings["permanent"],
            table=self._table(settings),
        )
        if isinstance(node, Bridge):
            member = self._members[link.far] = node.add_member(self.router, target_input=number)
            self.router.lead(number, node, member)
            node.add_static(_mac(settings["mac"]), member)
        elif isinstance(node, Port):
            self.router.lead(number, node, 0)
            node.lead_to(self.router, number)
        self._interfaces[link.far] = number
        self._joined[link.far] = str(settings.get("by", ""))
        self._rule_interface(link.far, settings, uplink=uplink)
        return number

    def change(self, old: Link, new: Link, node: Node) -> None:
        """The interface's addresses, MTU and what may pass; flows go on."""
        number = self._interfaces[new.far]
        self.router.set_interface(
            number, mtu=int(new.settings["mtu"]), addresses=_addresses(new.settings), table=self._table(new.settings)
        )
        self._joined[new.far] = str(new.settings.get("by", ""))
        self._rule_interface(new.far, new.settings, uplink=isinstance(node, Port))
        self._let_go(old.settings)

    def part(self, link: Link, node: Node) -> None:
        """The interface goes, and what was known through it."""
        number = self._interfaces.pop(link.far)
        if isinstance(node, Bridge):
            node.forget(_mac(link.settings["mac"]))
            node.remove_member(self._members.pop(link.far))
        elif isinstance(node, Port):
            node.lead_to(None)
        self.rules.remove_interface(number)
        self.router.remove_interface(number)
        del self._joined[link.far]
        self._let_go(link.settings)

    def _table(self, settings: Settings) -> int:
        """The number of the table for what leaves by the uplink that is named, 0 for the lab's. Errors: ValueError for too many."""
        name = str(settings.get("by", ""))
        if not name or name in self._tables:
            return self._tables.get(name, 0)
        # A number is given again only when there is no fresh one: flows may still have the old.
        free = [number for number in range(1, TABLES) if number not in self._tables.values()]
        if not free:
            self._tables = {one: number for one, number in self._tables.items() if one in self._joined.values()}
            free = [number for number in range(1, TABLES) if number not in self._tables.values()]
        if not free:
            raise ValueError(f"more than {TABLES - 1} networks have an uplink of their own")
        self._tables[name] = free[0]
        self.rules.name_realm(free[0], name)
        return free[0]

    def tables(self) -> dict[int, str]:
        """Uplinks that are one network's own, by the number of the table."""
        return {number: name for name, number in self._tables.items()}

    def _rule_interface(self, far: str, settings: Settings, *, uplink: bool) -> None:
        if uplink:
            hosts = [str(settings[name]) for name in ("host4", "host6") if settings[name]]
            number, realm = self._interfaces[far], self._table(settings)
            self.rules.set_interface(number, kind="uplink", name=far, trusted=hosts, host=hosts, realm=realm)
            return
        self.rules.set_interface(
            self._interfaces[far],
            kind="network",
            name=_name(far),
            internal=bool(settings["internal"]),
            icc=not settings["isolated"],
            ipv4=str(settings["mode4"] or "isolated"),
            ipv6=str(settings["mode6"] or "isolated"),
            masquerade4=self._pool(str(settings["masquerade4"])),
            masquerade6=self._pool(str(settings["masquerade6"])),
            realm=self._table(settings),
        )

    def _pool(self, addresses: str) -> int:
        """The number of the pool of these addresses, made if it is not there; 0 for none."""
        if not addresses:
            return 0
        number, users = self._pools.get(addresses, (0, 0))
        self._pools[addresses] = number or self.flows.add_pool(addresses.split(), paired=True), users + 1
        return self._pools[addresses][0]

    def _let_go(self, settings: Settings) -> None:
        """One user less of the pools that a link asked for."""
        for addresses in (str(settings.get("masquerade4", "")), str(settings.get("masquerade6", ""))):
            if addresses:
                number, users = self._pools.pop(addresses)
                if users > 1:
                    self._pools[addresses] = number, users - 1
                else:
                    self.flows.remove_pool(number)

    # -- rules ------------------------------------------------------------------------------------------------------------

    def rule(self, rule: RuleSpec) -> None:
        """A rule more."""
        settings, kind = rule.settings, rule.kind
        match kind:
            case "route":
                self.router.add_route(
                    str(settings["destination"]),
                    interface=self._interfaces[rule.interface],
                    gateway=str(settings["gateway"]) or None,
                    table=self._table(settings),
                )
            case "neighbor":
                self.router.add_neighbor(self._interfaces[rule.interface], str(settings["address"]), _mac(settings["mac"]))
            case "publish":
                self._published[rule.name] = self._publish(rule)
            case "static":
                self.rules.add_static(outside=str(settings["outside"]), inside=str(settings["inside"]))
            case "exclude":
                self.rules.exclude(str(settings["prefix"]))
            case "local":
                self.rules.set_local(str(settings["addresses"]).split(), realm=self._table(settings))
            case _:
                raise ValueError(f"no such kind of rule: {kind}")

    def unrule(self, rule: RuleSpec) -> None:
        """A rule less; flows that it let through go on."""
        settings = rule.settings
        undo: Mapping[str, Callable[[], object]] = {
            "route": lambda: self.router.remove_route(str(settings["destination"]), table=self._table(settings)),
            "neighbor": lambda: self.router.remove_neighbor(self._interfaces[rule.interface], str(settings["address"])),
            "publish": lambda: self.rules.unpublish(self._published.pop(rule.name)),
            "static": lambda: self.rules.remove_static(str(settings["outside"])),
            "exclude": lambda: self.rules.unexclude(str(settings["prefix"])),
            "local": lambda: self.rules.set_local([], realm=self._table(settings)),
        }
        undo[rule.kind]()

    def _publish(self, rule: RuleSpec) -> int:
        settings = rule.settings
        return self.rules.publish(
            str(settings["protocol"]),
            int(settings["first"]),
            int(settings["last"]),
            target=str(settings["target"]),
            target_port=int(settings["target_port"]),
            address=str(settings["address"]) or None,
            name=str(settings["network"]),
            clients=str(settings["clients"] or "all"),
            realm=self._table(settings),
            resumes=bool(settings.get("resumes", False)),
        )

    # -- tables -----------------------------------------------------------------------------------------------------------

    def interface_names(self) -> dict[int, str]:
        """Names of networks, and of uplinks, by the router's number."""
        return {number: _name(far) for far, number in self._interfaces.items()}


def _name(far: str) -> str:
    return far.removeprefix("bridge ")


def _mac(text: Any) -> int:
    return int(str(text).replace(":", ""), 16)


def _addresses(settings: Settings) -> list[str]:
    more = str(settings.get("more", "")).split()
    return [*(str(settings[name]) for name in ("ipv4", "ipv6") if settings[name]), *(str(ip_interface(one)) for one in more)]


def _timeouts(text: str) -> dict[str, int] | None:
    """``udp 30, icmp 5``."""
    return {kind: int(seconds) for kind, _, seconds in (part.partition(" ") for part in text.split(", "))} if text else None
