"""The difference between the namespaces that are there and those that are wanted, as named steps in an order that is safe. Pure.

``wanted`` follows from the desired state alone; ``found`` is what was made, or what a daemon finds that begins where another was
killed. An interface that is there may have lost its descriptor with the daemon that held it: ``attached`` are the ports that have
one here. What is parted goes first, so that a name or an address is free for whoever has it next.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from types import MappingProxyType

from dataplane.daemon.specs import NOTHING, InterfaceSpec, RouteSpec, Sandboxes, SandboxSpec


@dataclass(frozen=True, slots=True)
class MakeSandbox:
    """A namespace without interfaces, or a hold on the host's."""

    name: str
    kind: str

    def __str__(self) -> str:
        return f"+ namespace {self.name} ({self.kind})"


@dataclass(frozen=True, slots=True)
class RemoveSandbox:
    """Let go of a namespace; with it go the interfaces in it."""

    name: str

    def __str__(self) -> str:
        return f"- namespace {self.name}"


@dataclass(frozen=True, slots=True)
class AddInterface:
    """A new TAP with its addresses, up."""

    sandbox: str
    interface: InterfaceSpec

    def __str__(self) -> str:
        return f"+ {self.interface.name} in {self.sandbox}, port {self.interface.port}"


@dataclass(frozen=True, slots=True)
class AttachInterface:
    """A descriptor for a TAP that is there; what it lacks of what it should have is given to it."""

    sandbox: str
    interface: InterfaceSpec

    def __str__(self) -> str:
        return f"~ {self.interface.name} in {self.sandbox} attached, port {self.interface.port}"


@dataclass(frozen=True, slots=True)
class ChangeInterface:
    """MTU, addresses and sysctls change under what runs."""

    sandbox: str
    old: InterfaceSpec
    new: InterfaceSpec

    def __str__(self) -> str:
        return f"~ {self.new.name} in {self.sandbox}: {', '.join(self.new.addresses)} mtu {self.new.mtu}"


@dataclass(frozen=True, slots=True)
class RemoveInterface:
    """Delete the link."""

    sandbox: str
    interface: InterfaceSpec

    def __str__(self) -> str:
        return f"- {self.interface.name} in {self.sandbox}, port {self.interface.port}"


@dataclass(frozen=True, slots=True)
class SetRoute:
    """The default route of a family is this one: in the place of another, or where there was none."""

    sandbox: str
    route: RouteSpec

    def __str__(self) -> str:
        return f"~ IPv{self.route.version} of {self.sandbox} by {self.route.gateway or 'the link'} dev {self.route.interface}"


@dataclass(frozen=True, slots=True)
class RemoveRoute:
    """There is no default route of the family any more."""

    sandbox: str
    route: RouteSpec

    def __str__(self) -> str:
        return f"- IPv{self.route.version} of {self.sandbox} by {self.route.gateway or 'the link'} dev {self.route.interface}"


Parting = RemoveSandbox | RemoveInterface
Step = MakeSandbox | AddInterface | AttachInterface | ChangeInterface | SetRoute | RemoveRoute | Parting


def diff(found: Sandboxes, wanted: Sandboxes, attached: Collection[str] | None = None) -> tuple[Step, ...]:
    """What to do, in order; nothing if they are equal. ``attached`` None: every port that is found."""
    parting: list[Step] = []
    making: list[Step] = []
    for name, old in found.items():
        new = wanted.get(name)
        if new is None or new.kind != old.kind:
            parting.append(RemoveSandbox(name))
        elif new is not old:
            parting += _parted(old, new)
    for name, new in wanted.items():
        old = found.get(name, SandboxSpec(name=name))
        if name not in found or old.kind != new.kind:
            making.append(MakeSandbox(name, new.kind))
            old = SandboxSpec(name=name)
        if new is not old or attached is not None:
            making += _made(old, new, attached)
    return (*parting, *making)


def ports_parted(steps: Iterable[Step], found: Sandboxes) -> set[str]:
    """Ports that the engine must have let go of before these steps."""
    ports: set[str] = set()
    for step in steps:
        if isinstance(step, RemoveInterface):
            ports.add(step.interface.port)
        elif isinstance(step, RemoveSandbox):
            ports |= set(found[step.name].interfaces)
    return ports


def _stays(old: InterfaceSpec | None, new: InterfaceSpec | None) -> bool:
    """It is the same interface, whatever of it changes. What another daemon left is known by its name and port: its MAC is ""."""
    return old is not None and new is not None and old.name == new.name and old.mac in {"", new.mac}


def _parted(old: SandboxSpec, new: SandboxSpec) -> Iterator[Step]:
    leaving = {one.name for port, one in old.interfaces.items() if not _stays(one, new.interfaces.get(port))}
    for version, route in old.routes.items():
        # A route that goes with its interface needs no step; one that another takes the place of, neither.
        if version not in new.routes and route.interface not in leaving:
            yield RemoveRoute(old.name, route)
    for port, one in old.interfaces.items():
        if not _stays(one, new.interfaces.get(port)):
            yield RemoveInterface(old.name, one)


def _made(old: SandboxSpec, new: SandboxSpec, attached: Collection[str] | None) -> Iterator[Step]:
    for port, one in new.interfaces.items():
        before = old.interfaces.get(port)
        if before is None or not _stays(before, one):
            yield AddInterface(new.name, one)
        elif attached is not None and port not in attached:
            yield AttachInterface(new.name, one)
        elif before != one:
            yield ChangeInterface(new.name, before, one)
    renewed = {one.name for port, one in new.interfaces.items() if not _stays(old.interfaces.get(port), one)}
    for version, route in new.routes.items():
        if old.routes.get(version) != route or route.interface in renewed:
            yield SetRoute(new.name, route)


def applied(found: Sandboxes, steps: Iterable[Step]) -> Sandboxes:
    """What is there after the steps. Errors: ValueError if one does not fit."""
    there = dict(found)
    for step in steps:
        if isinstance(step, MakeSandbox):
            if step.name in there:
                raise ValueError(f"there already: {step}")
            there[step.name] = SandboxSpec(name=step.name, kind=step.kind)
        elif isinstance(step, RemoveSandbox):
            del there[step.name]
        else:
            if step.sandbox not in there:
                raise ValueError(f"no namespace for: {step}")
            there[step.sandbox] = _inside(there[step.sandbox], step)
    return MappingProxyType(there) if there else NOTHING


def _inside(
    spec: SandboxSpec, step: AddInterface | AttachInterface | ChangeInterface | RemoveInterface | SetRoute | RemoveRoute
) -> SandboxSpec:
    interfaces, routes = dict(spec.interfaces), dict(spec.routes)
    names = {one.name: port for port, one in interfaces.items()}
    match step:
        case AddInterface(_, one):
            if one.name in names or one.port in interfaces:
                raise ValueError(f"its name is taken: {step}")
            interfaces[one.port] = one
        case AttachInterface(_, one) | ChangeInterface(_, _, one):
            if names.get(one.name) != one.port:
                raise ValueError(f"not there: {step}")
            interfaces[one.port] = one
        case RemoveInterface(_, one):
            del interfaces[one.port]
            routes = {version: route for version, route in routes.items() if route.interface != one.name}
        case SetRoute(_, route):
            if route.interface not in names:
                raise ValueError(f"no interface for: {step}")
            routes[route.version] = route
        case RemoveRoute(_, route):
            if routes.pop(route.version, None) is None:
                raise ValueError(f"not there: {step}")
    return replace(spec, interfaces=MappingProxyType(interfaces), routes=MappingProxyType(routes))
