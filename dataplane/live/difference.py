"""What has to happen to a lab's instances so that one Plan becomes another: as little as can be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from dataplane.drivers import wire
from dataplane.model import Instance, Plan, Service
from dataplane.sandbox import sandbox_of
from dataplane.wiring import Wiring


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Names of instances. ``replaced``: new namespace, interfaces and process; ``restarted``: a new process in the old namespace;
    ``updated``: nothing that runs is touched."""

    removed: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()
    restarted: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.removed or self.added or self.replaced or self.restarted or self.updated)


def difference(old: Plan, new: Plan) -> Difference:
    """Compare two plans of one lab."""
    kept = [name for name in new.instances if name in old.instances]
    before, after = wire(old), wire(new)
    replaced = {name for name in kept if _new_namespace(old, new, name, before, after)}
    # Whoever lives in a namespace that is replaced moves out with it.
    for name in kept:
        home = sandbox_of(new, name)
        if home in replaced or home not in old.instances or sandbox_of(old, name) != home:
            replaced.add(name)
    restarted = {name for name in kept if name not in replaced and _process(old.instances[name]) != _process(new.instances[name])}
    _follow_dependencies(new.instances, kept, replaced, restarted)
    updated = {name for name in kept if old.instances[name] != new.instances[name]} - replaced - restarted
    return Difference(
        removed=tuple(name for name in old.instances if name not in new.instances),
        added=tuple(name for name in new.instances if name not in old.instances),
        replaced=tuple(name for name in kept if name in replaced),
        restarted=tuple(name for name in kept if name in restarted),
        updated=tuple(name for name in kept if name in updated),
    )


def _follow_dependencies(instances: Mapping[str, Instance], kept: list[str], replaced: set[str], restarted: set[str]) -> None:
    """``depends_on: {X: {restart: true}}``: restart when X is. To the end of the chain."""
    grew = True
    while grew:
        touched = {instances[name].service.name for name in replaced | restarted}
        more = {
            name
            for name in kept
            if name not in replaced | restarted
            and any(dependency.restart and dependency.service in touched for dependency in instances[name].service.depends_on)
        }
        restarted |= more
        grew = bool(more)


def _new_namespace(old: Plan, new: Plan, name: str, before: Wiring, after: Wiring) -> bool:
    """Not for what its interfaces do not show: aliases, or how the network's bridge treats its port."""
    was, will = old.instances[name], new.instances[name]
    return (
        was.service.network_mode != will.service.network_mode
        or was.service.sysctls != will.service.sysctls
        or was.routes != will.routes
        or [before.nodes[e.port] for e in was.endpoints] != [after.nodes[e.port] for e in will.endpoints]
    )


def _process(instance: Instance) -> Service:
    """The service without what can change under a running process: supervision, names and labels, its interfaces."""
    service = instance.service
    bare = Service(name=service.name)
    return replace(
        service,
        attachments=(),
        replicas=1,
        scaled=False,
        extra_hosts=(),
        expose=(),
        ports=(),
        labels={},
        restart=bare.restart,
        depends_on=(),
    )
