"""Which network namespace (sandbox) each instance lives in: its own, another instance's, the host's, or one the user made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dataplane.errors import UserError
from dataplane.model import Plan, Service, Topology


def sandbox_of(plan: Plan, instance: str) -> str:
    """The instance whose namespace this one uses: itself, or for ``service:X`` and ``container:X`` the end of that chain."""
    services = {name: i.service for name, i in plan.instances.items()}
    while (other := _joined(services, instance)) is not None:
        instance = other
    return instance


def require_sandboxes(topology: Topology, services: Mapping[str, Service]) -> None:
    """Errors: UserError for a network_mode that leads nowhere, round in a circle, or does not go with the rest of the service.

    `services` is by instance name."""
    for name, service in services.items():
        where = f"{topology.source}: services.{service.name}.network_mode"
        kind = service.network_mode.partition(":")[0]
        if kind == "netns" and service.replicas > 1:
            raise UserError(
                f"{service.replicas} copies of {service.name!r} cannot share one namespace",
                where=where,
                mend="one copy, or a namespace of their own for each: leave network_mode out",
            )
        if kind in {"service", "container"}:
            _require_end(name, services, where)


def require_distinct_interfaces(topology: Topology, interfaces: Mapping[str, Sequence[str]]) -> None:
    """Errors: UserError if two services make an interface of one name in the same namespace of the user's. By service name."""
    seen: dict[tuple[str, str], str] = {}
    for service in topology.services.values():
        if not service.network_mode.startswith("netns:"):
            continue
        for interface in interfaces.get(service.name, ()):
            other = seen.setdefault((service.network_mode, interface), service.name)
            if other != service.name:
                raise UserError(
                    f"services {other!r} and {service.name!r} both make {interface!r} in {service.network_mode[6:]}",
                    where=f"{topology.source}: services.{service.name}",
                    mend="give one of them an interface_name",
                )


def _joined(services: Mapping[str, Service], instance: str) -> str | None:
    """The instance whose namespace this one shares, or None; of a service with several copies the first. KeyError: no such."""
    kind, _, target = services[instance].network_mode.partition(":")
    if kind == "container" and target in services:
        return target
    if kind in {"service", "container"}:
        found = next((name for name, service in services.items() if service.name == target), None)
        if found is None:
            raise KeyError(target)
        return found
    return None


def _require_end(start: str, services: Mapping[str, Service], where: str) -> None:
    seen = [start]
    while True:
        try:
            following = _joined(services, seen[-1])
        except KeyError as error:
            kind = services[seen[-1]].network_mode.partition(":")[0]
            raise UserError(f"No such {kind}: {error.args[0]}", where=where, mend=f"this lab has {', '.join(services)}") from None
        if following is None:
            return
        if following in seen:
            raise UserError(
                f"the namespaces form a circle: {' -> '.join([*seen, following])}", where=where, mend="let one have its own"
            )
        seen.append(following)
