"""Nodes of macvlan, ipvlan and VLANs: made, linked to ports and to one another. As all of a Dataplane, for one thread."""

from __future__ import annotations

from typing import Final

from dataplane.wiring import Link, NodeSpec, Settings
from fastpath import Engine, Ipvlan, Macvlan, Node, PacketPort, Port, Vlan

KINDS: Final = frozenset({"macvlan", "ipvlan", "vlan"})
"""Kinds of nodes whose links are here; those of their ports too."""
Segment = Macvlan | Ipvlan | Vlan
WIRE: Final = 0
"""The number of a link that leads outside."""


def make(engine: Engine, spec: NodeSpec) -> Segment:
    """The node, linked to nothing."""
    settings = spec.settings
    match spec.kind:
        case "macvlan":
            return Macvlan(engine, spec.name)
        case "ipvlan":
            station, mode, flag = (str(settings[name]) for name in ("station", "mode", "flag"))
            return Ipvlan(engine, spec.name, mac=mac_number(station), mode=mode, flag=flag)
    return Vlan(engine, spec.name)


def join(link: Link, near: Node, far: Segment) -> int:
    """Link a port, or a VLAN node, to the segment; the link's number. Errors: ValueError."""
    settings = link.settings
    if isinstance(near, Vlan):
        number = near.add_network(far, identifier=int(settings["vlan"]))
        assert not isinstance(far, Vlan)
        far.lead_wire(near, number)
        _tell(far, settings)
        return number
    assert isinstance(near, Port)
    if "station" in settings and isinstance(far, Macvlan):
        number = far.add_member(near, mac=mac_number(str(settings["station"])), mode=str(settings["mode"]))
    elif "addresses" in settings and isinstance(far, Ipvlan):
        number = far.add_member(near, addresses=str(settings["addresses"]).split())
    else:
        number = WIRE
        far.lead_wire(near)
        _tell(far, settings)
    near.lead_to(far, number)
    return number


def change(link: Link, number: int, far: Segment) -> None:
    """Other settings for a link that stays."""
    settings = link.settings
    if "station" in settings and isinstance(far, Macvlan):
        far.set_member(number, mac=mac_number(str(settings["station"])), mode=str(settings["mode"]))
    elif "addresses" in settings and isinstance(far, Ipvlan):
        far.set_member(number, addresses=str(settings["addresses"]).split())
    else:
        _tell(far, settings)


def part(link: Link, number: int, near: Node, far: Segment) -> None:
    """The link goes."""
    if isinstance(near, Vlan):
        near.remove_network(number)
        far.lead_wire(None)
        return
    assert isinstance(near, Port)
    near.lead_to(None)
    if {"station", "addresses"} & link.settings.keys() and not isinstance(far, Vlan):
        far.remove_member(number)
    else:
        far.lead_wire(None)


def _tell(far: Segment, settings: Settings) -> None:
    """What ipvlan must know of its parent's host in mode l3."""
    if not isinstance(far, Ipvlan) or "host" not in settings:
        return
    pairs = (text.partition("=") for text in str(settings["neighbors"]).split())
    far.set_host(
        str(settings["host"]).split(),
        str(settings["gateways"]).split(),
        [(address, mac_number(mac)) for address, _, mac in pairs],
        arp=not settings["permanent"],
    )


def take_in(port: PacketPort, settings: Settings) -> None:
    """Whom a parent takes frames in for. Errors: OSError."""
    shared, addresses = str(settings.get("shared", "")), str(settings.get("addresses", "")).split()
    port.set_macs(
        map(mac_number, str(settings["stations"]).split()), shared=mac_number(shared) if shared else 0, addresses=addresses
    )


def mac_number(text: str) -> int:
    """02:42:00:00:00:01 is 0x024200000001."""
    return int(text.replace(":", ""), 16)
