"""The namespaces of a daemon: carries out steps through the helper, several namespaces in one go. Blocking, one call at a time."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from dataplane.daemon.reconcile import (
    AddInterface,
    AttachInterface,
    ChangeInterface,
    MakeSandbox,
    RemoveInterface,
    RemoveRoute,
    RemoveSandbox,
    SetRoute,
    Step,
    applied,
)
from dataplane.daemon.specs import HOST, NOTHING, OWN, InterfaceSpec, RouteSpec, Sandboxes, SandboxSpec
from dataplane.errors import UserError
from dataplane.proc.helper import Helper
from dataplane.proc.spec import NamespaceRef

AT_ONCE = 24
"""Namespaces in one order to the helper: what a message holds."""

Order = dict[str, Any]


class Rooms:
    """``found``: what is there now; ``references``: the helper's hold on each, by the same names."""

    def __init__(self, helper: Helper) -> None:
        self.found: Sandboxes = NOTHING
        self.references: dict[str, NamespaceRef] = {}
        self._helper = helper
        self._doubtful = False  # a helper was killed: of its last order more may be done than it said

    def hosts(self) -> list[str]:
        """The names of those that are in the host's own namespace."""
        return [name for name, one in self.found.items() if one.kind == HOST and name in self.references]

    def renew(self, known: Mapping[str, NamespaceRef]) -> None:
        """Another helper has them now: an ordinary user's are known by other paths."""
        self.references |= {name: one for name, one in known.items() if name in self.references}
        self._doubtful = True

    def carry_out(self, steps: Iterable[Step]) -> dict[str, int]:
        """Descriptors of the TAPs that were made or opened, by port: the caller's. UserError: some steps were done, which ``found``
        tells; no descriptor is left."""
        taps: dict[str, int] = {}
        try:
            for batch in _batches(steps):
                taps |= self._do_again(batch)
                self.found = applied(self.found, batch)
        except BaseException:
            for fd in taps.values():
                os.close(fd)
            raise
        return taps

    def _do_again(self, batch: list[Step]) -> dict[str, int]:
        """Where a helper was killed in the midst of it, another does it anew."""
        if self._doubtful:
            self._tidy()
        try:
            return self._do(batch)
        except UserError:
            if not self._doubtful:
                raise
            self._tidy()
            return self._do(batch)

    def _tidy(self) -> None:
        """Take away what is there and was never answered for: namespaces, and interfaces in those that stay."""
        self._doubtful = False
        known = self._helper.namespaces()
        for name, one in known.items():
            if one.owned and name not in self.references:
                self._helper.remove_namespace(one)
        names = [name for name, one in known.items() if one.owned and name in self.references and name in self.found]
        for begin in range(0, len(names), AT_ONCE):
            for name, body in self._helper.look(names[begin : begin + AT_ONCE]).items():
                ours = {(one.port, one.name) for one in self.found[name].interfaces.values()}
                strays = [link for port, link in body["interfaces"] if (port, link) not in ours]
                if strays:
                    self._helper.furnish([{"name": name, "delete": strays}])

    def _do(self, batch: list[Step]) -> dict[str, int]:
        first = batch[0]
        if isinstance(first, RemoveSandbox):
            self._helper.remove_namespace(self.references[first.name])
            del self.references[first.name]  # not before: what failed is tried again
            return {}
        if isinstance(first, MakeSandbox) and first.kind == HOST:
            self.references[first.name] = self._helper.host_namespace(first.name)
            return {}
        orders: dict[str, Order] = {}
        ports: dict[str, list[str]] = {}
        for step in batch:
            name = step.name if isinstance(step, MakeSandbox | RemoveSandbox) else step.sandbox
            order = orders.setdefault(name, {"name": name})
            _put(order, step)
            if isinstance(step, AddInterface | AttachInterface):
                ports.setdefault(name, []).append(step.interface.port)
        made, fds = self._helper.furnish(list(orders.values()))
        self.references |= made
        return dict(zip((port for name in orders for port in ports.get(name, ())), fds, strict=True))

    def look(self) -> None:
        """Find what an earlier daemon left with the helper. Its interfaces are known by port and name, no more."""
        known = self._helper.namespaces()
        for name in [name for name in known if name.startswith(":")]:  # uplinks of a daemon that is no more
            self._helper.remove_namespace(known.pop(name))
        seen: dict[str, Any] = {}
        names = [name for name, reference in known.items() if reference.owned]
        for begin in range(0, len(names), AT_ONCE):
            seen |= self._helper.look(names[begin : begin + AT_ONCE])
        for name in [name for name, reference in known.items() if reference.owned and name not in seen]:
            self._helper.remove_namespace(known.pop(name))
        self.references = known
        self.found = MappingProxyType({name: _seen(name, seen.get(name)) for name in known})


def _batches(steps: Iterable[Step]) -> Iterator[list[Step]]:
    """Neighbours that one order to the helper holds; what needs a request of its own is alone. In a namespace, what is parted and
    what comes then are of different batches: within one order there is one sequence."""
    batch: list[Step] = []
    names: set[str] = set()
    weight = 0
    for step in steps:
        alone = isinstance(step, RemoveSandbox) or (isinstance(step, MakeSandbox) and step.kind == HOST)
        name = step.name if isinstance(step, MakeSandbox | RemoveSandbox) else step.sandbox
        turns = batch and _parts(step) and not _parts(batch[-1])
        full = len(names) >= AT_ONCE and name not in names
        if batch and (alone or turns or full or weight >= 4 * AT_ONCE):
            yield batch
            batch, names, weight = [], set(), 0
        if alone:
            yield [step]
            continue
        batch.append(step)
        names.add(name)
        weight += isinstance(step, AddInterface | AttachInterface)
    if batch:
        yield batch


def _parts(step: Step) -> bool:
    return isinstance(step, RemoveInterface)


def _put(order: Order, step: Step) -> None:
    match step:
        case MakeSandbox():
            order["create"] = True
        case RemoveInterface(_, one):
            order.setdefault("delete", []).append(one.name)
        case AddInterface(_, one):
            order.setdefault("add", []).append(_body(one) | {"there": False})
        case AttachInterface(_, one):
            order.setdefault("add", []).append(_body(one) | {"there": True})
        case ChangeInterface(_, old, new):
            lose = [address for address in old.addresses if address not in new.addresses]
            order.setdefault("change", []).append(_body(new) | {"lose": lose})
        case SetRoute(_, route):
            order.setdefault("route", []).append(_route(route))
        case RemoveRoute(_, route):
            order.setdefault("unroute", []).append(_route(route))


def _body(one: InterfaceSpec) -> Order:
    return {
        "name": one.name,
        "port": one.port,
        "mac": one.mac,
        "mtu": one.mtu,
        "addresses": list(one.addresses),
        "sysctls": dict(one.sysctls),
        "arp": one.arp,
    }


def _route(route: RouteSpec) -> list[object]:
    return [route.version, route.interface, str(route.gateway) if route.gateway is not None else ""]


def _seen(name: str, body: Mapping[str, Any] | None) -> SandboxSpec:
    if body is None:
        return SandboxSpec(name=name, kind=HOST)
    from ipaddress import ip_address

    interfaces = {port: InterfaceSpec(port=port, name=one, mac="") for port, one in body["interfaces"]}
    routes = {
        version: RouteSpec(version=version, interface=one, gateway=ip_address(gateway) if gateway else None)
        for version, one, gateway in body["routes"]
    }
    return SandboxSpec(name=name, kind=OWN, interfaces=MappingProxyType(interfaces), routes=MappingProxyType(routes))
