"""A VTEP of a lab: the overlays that are linked to it, and the peers and stations ruled in it, by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from dataplane.wiring import Link, NodeSpec, RuleSpec, Settings
from fastpath import Engine, Node, Port
from fastpath.vtep import Vtep


class TunnelEnd:
    """Owned by a Dataplane, and as all of it for one thread, between turns."""

    def __init__(self, engine: Engine, spec: NodeSpec) -> None:
        settings = spec.settings
        self.vtep = Vtep(
            engine,
            spec.name,
            mac=_mac(settings["mac"]),
            addresses=[str(settings[name]) for name in ("ipv4", "ipv6") if settings[name]],
            mtu=int(settings["mtu"]),
            port=int(settings["udp_port"]),
            tunnels=int(settings["tunnels"]),
            arp=not settings["permanent"],
            strict=bool(settings["strict"]),
            any_hop=bool(settings["any_hop"]),
        )
        self._overlays: dict[str, int] = {}

    # -- links ------------------------------------------------------------------------------------------------------------

    def join(self, link: Link, node: Node) -> int:
        """The underlay's port, or a bridge whose frames go on in the overlay; the overlay's number."""
        if isinstance(node, Port):
            self.vtep.lead(node)
            node.lead_to(self.vtep, 0)
            return 0
        settings = link.settings
        number = self._overlays[link.far] = self.vtep.add_overlay(
            _name(link.far),
            node,
            int(settings["vni"]),
            local=str(settings["local"]),
            spare=int(settings["peer_limit"]),
            **_overlay(settings),
        )
        return number

    def change(self, old: Link, new: Link, node: Node) -> None:  # noqa: ARG002 - the face that a Gateway has too
        """What an overlay does with frames; what it has learned stays."""
        if new.far in self._overlays:
            self.vtep.set_overlay(self._overlays[new.far], **_overlay(new.settings))

    def part(self, link: Link, node: Node) -> None:
        """The overlay goes, and all that was learned behind it."""
        if isinstance(node, Port):
            self.vtep.lead(None)
            node.lead_to(None)
            return
        self.vtep.remove_overlay(self._overlays.pop(link.far))

    # -- rules ------------------------------------------------------------------------------------------------------------

    def rule(self, rule: RuleSpec) -> None:
        """A rule more."""
        settings, number = rule.settings, self._overlays.get(rule.interface, 0)
        match rule.kind:
            case "peer":
                self.vtep.add_peer(number, str(settings["address"]), flood=bool(settings["flood"]))
            case "station":
                addresses = str(settings["addresses"]).split()
                self.vtep.add_station(number, _mac(settings["mac"]), str(settings["peer"]), addresses)
            case "neighbor":
                self.vtep.add_neighbor(str(settings["address"]), _mac(settings["mac"]))
            case "route":
                self.vtep.add_route(str(settings["destination"]), str(settings["gateway"]))
            case _:
                raise ValueError(f"no such kind of rule: {rule.kind}")

    def unrule(self, rule: RuleSpec) -> None:
        """A rule less."""
        settings, number = rule.settings, self._overlays.get(rule.interface, 0)
        undo: Mapping[str, Callable[[], object]] = {
            "peer": lambda: self.vtep.remove_peer(number, str(settings["address"])),
            "station": lambda: self.vtep.remove_station(number, _mac(settings["mac"])),
            "neighbor": lambda: self.vtep.remove_neighbor(str(settings["address"])),
            "route": lambda: self.vtep.remove_route(str(settings["destination"])),
        }
        undo[rule.kind]()

    # -- tables -----------------------------------------------------------------------------------------------------------

    def overlay_names(self) -> dict[int, str]:
        """Networks by the number of their overlay."""
        return {number: _name(far) for far, number in self._overlays.items()}

    def members(self, network: str, now: int) -> dict[int, str]:
        """The addresses of other VTEPs by their member of the network's bridge; nothing where it has no overlay here."""
        number = self._overlays.get(f"bridge {network}")
        if number is None:
            return {}
        rows = (row for row in self.vtep.tunnels(now) if int(row["overlay"]) == number)
        return {int(row["member"]): str(row["peer"]) for row in rows if row["peer"]}


def _overlay(settings: Settings) -> dict[str, Any]:
    """What may change while it runs."""
    return {
        "ttl": _inherited(settings["ttl"]),
        "dscp": _inherited(settings["dscp"]),
        "checksum": None if settings["checksum"] == "" else bool(settings["checksum"]),
        "inner_vlan": str(settings["inner_vlan"]),
        "learn": bool(settings["learning"]),
        "unknown": settings["unknown"] == "flood",
        "permitted_only": bool(settings["permitted_only"]),
        "group": str(settings["group"]) or None,
        "flood_rate": int(settings["flood_rate"]),
        "mss": int(settings["mss"] or 0),
        "limit": int(settings["fdb_limit"]),
    }


def _inherited(value: int | str) -> int:
    return -1 if value == "inherit" else int(value)


def _name(far: str) -> str:
    return far.removeprefix("bridge ")


def _mac(text: Any) -> int:
    return int(str(text).replace(":", ""), 16)
