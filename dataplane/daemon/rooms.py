"""The namespaces of a daemon: carries out steps through the helper, several namespaces in one go. Blocking, one call at a time."""

from __future__ import annotations

import os
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import suppress
from types import MappingProxyType
from typing import Any

from dataplane.daemon.finding import AT_ONCE, Found, find
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

SCHEME = 1
"""Of what is set of a link (``proc.furnish``): counts up when that is more, so that what was set before is set again."""
Order = dict[str, Any]


class Rooms:
    """``found``: what is there now; ``references``: the helper's hold on each, by the same names. ``finding``: what an earlier
    daemon left, being looked for already."""

    def __init__(self, helper: Helper, finding: Future[Found] | None = None) -> None:
        self.found: Sandboxes = NOTHING
        self.references: dict[str, NamespaceRef] = {}
        self._helper = helper
        self._finding = finding
        self._left: dict[tuple[str, str], int] = {}  # descriptors of TAPs that an earlier daemon left, by namespace and port
        self._as_left: dict[tuple[str, str], tuple[str, int, frozenset[str]]] = {}  # of each: its mark, MTU and addresses
        self._begins = False  # since `look`, nothing was carried out: who knows what stands in its way
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
        finally:
            self.close()
        self._begins = False
        return taps

    def close(self) -> None:
        """Let go of TAPs that an earlier daemon left and nobody wants."""
        while self._left:
            os.close(self._left.popitem()[1])

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
                strays = [link for port, link, *_ in body["interfaces"] if (port, link) not in ours]
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
        attached = [(step.sandbox, step.interface.port) for step in batch if isinstance(step, AttachInterface)]
        left = [key for key in attached if key in self._left]
        for step in self._less(batch, left):
            name = step.name if isinstance(step, MakeSandbox | RemoveSandbox) else step.sandbox
            order = orders.setdefault(name, {"name": name})
            _put(order, step, anew=self._begins)
            if isinstance(step, AddInterface | AttachInterface):
                ports.setdefault(name, []).append(step.interface.port)
        made, fds = self._helper.furnish(list(orders.values())) if orders else ({}, [])
        self.references |= made
        taps = dict(zip((port for name in orders for port in ports.get(name, ())), fds, strict=True))
        return taps | {key[1]: self._left.pop(key) for key in left}

    def _less(self, batch: list[Step], left: Collection[tuple[str, str]]) -> Iterator[Step]:
        """What is to be done where the descriptors of these ports are there already."""
        for step in batch:
            if not isinstance(step, AttachInterface) or (step.sandbox, step.interface.port) not in left:
                yield step
            elif not self._is(step.sandbox, step.interface):
                yield ChangeInterface(step.sandbox, step.interface, step.interface)

    def _is(self, sandbox: str, wanted: InterfaceSpec) -> bool:
        """It was left as it is to be."""
        mark, mtu, addresses = self._as_left[sandbox, wanted.port]
        return mark == _mark(wanted) and mtu == wanted.mtu and addresses.issuperset(wanted.addresses)

    def look(self) -> None:
        """Find what an earlier daemon left with the helper. Its interfaces are known by port and name, no more."""
        found = self._found()
        self.references, self._left, self._begins = found.references, found.taps, True
        self._as_left = {
            (name, port): (mark, mtu, frozenset(addresses))
            for name, body in found.seen.items()
            for port, _, mark, mtu, addresses, _ in body["interfaces"]
        }
        self.found = MappingProxyType({name: _seen(name, found.seen.get(name)) for name in self.references})

    def _found(self) -> Found:
        finding, self._finding = self._finding, None
        if finding is not None:
            with suppress(UserError):  # the helper was killed meanwhile
                return finding.result()
        return find(self._helper)


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


def _put(order: Order, step: Step, *, anew: bool) -> None:
    match step:
        case MakeSandbox():
            order["create"] = True
        case RemoveInterface(_, one):
            order.setdefault("delete", []).append(one.name)
        case AddInterface(_, one):
            order.setdefault("add", []).append(_body(one) | {"there": False, "anew": anew})
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
        "mark": _mark(one),
    }


def _mark(one: InterfaceSpec) -> str:
    """All that is set of a link, in a word."""
    return f"{zlib.crc32(repr((SCHEME, one.name, one.mtu, one.addresses, sorted(one.sysctls.items()), one.arp)).encode()):08x}"


def _route(route: RouteSpec) -> list[object]:
    return [route.version, route.interface, str(route.gateway) if route.gateway is not None else ""]


def _seen(name: str, body: Mapping[str, Any] | None) -> SandboxSpec:
    if body is None:
        return SandboxSpec(name=name, kind=HOST)
    from ipaddress import ip_address

    interfaces = {port: InterfaceSpec(port=port, name=one, mac="") for port, one, *_ in body["interfaces"]}
    routes = {
        version: RouteSpec(version=version, interface=one, gateway=ip_address(gateway) if gateway else None)
        for version, one, gateway in body["routes"]
    }
    return SandboxSpec(name=name, kind=OWN, interfaces=MappingProxyType(interfaces), routes=MappingProxyType(routes))
