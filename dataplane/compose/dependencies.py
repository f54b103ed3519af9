"""``depends_on``, and what ``links`` and ``network_mode: service:X`` imply -> `model.Dependency`s."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from difflib import get_close_matches
from graphlib import CycleError, TopologicalSorter

from dataplane.compose.hosts import alias as host_alias
from dataplane.compose.nodes import At
from dataplane.compose.values import flag
from dataplane.model import Dependency, Service


def dependencies(service: At, mode: str, known: Collection[str], active: Collection[str]) -> tuple[Dependency, ...]:
    """What ``service`` waits for. ``known``: the file's services; ``active``: those that the profiles leave."""
    found: dict[str, Dependency] = {}
    written = service.get("depends_on")
    if written is not None and isinstance(written.value, tuple):
        for element in written.elements():
            _there(element.text(), element, known, active)
            found[element.text()] = Dependency(service=element.text())
    elif written is not None:
        for name, at in written.items():
            condition, required = at.get("condition"), at.get("required")
            needed = required is None or required.boolean()
            _there(name, at, known, active if needed else known)
            if name in active:
                found[name] = Dependency(
                    service=name,
                    condition=condition.text() if condition else "service_started",
                    restart=flag(at, "restart"),
                    required=needed,
                )
    for element in (service.get("links") or At(replace(service.node, value=()))).elements():
        target = element.text().partition(":")[0]
        _there(target, element, known, active)
        found.setdefault(target, Dependency(service=target, restart=True))
    shared = mode.removeprefix("service:")
    if shared != mode:
        _there(shared, service.get("network_mode") or service, known, active)
        found.setdefault(shared, Dependency(service=shared, restart=True))
    return tuple(found.values())


def _there(name: str, at: At, known: Collection[str], active: Collection[str]) -> None:
    if name not in known:
        near = get_close_matches(name[:100], known, 1)
        raise at.wrong(
            f'there is no service "{name}"', f'did you mean "{near[0]}"?' if near else f"services here: {', '.join(known)}"
        )
    if name not in active:
        raise at.wrong(
            f'the service "{name}" is left out, for none of its profiles is active',
            "activate one of its profiles (--profile)",
        )


def settled(services: Mapping[str, Service], at: Mapping[str, At]) -> dict[str, Service]:
    """The services, their conditions such that each can come true. UserError for circles and for conditions that never can."""
    _no_circle(services, at)
    return {name: replace(service, depends_on=_possible(service, services, at[name])) for name, service in services.items()}


def _no_circle(services: Mapping[str, Service], at: Mapping[str, At]) -> None:
    graph = {name: [dependency.service for dependency in service.depends_on] for name, service in services.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        circle: list[str] = list(reversed(error.args[1]))
        rank = {name: index for index, name in enumerate(services)}
        first = min(range(len(circle) - 1), key=lambda index: rank[circle[index]])
        turned = circle[first:-1] + circle[: first + 1]
        place = at[turned[0]]
        raise (place.get("depends_on") or place.get("network_mode") or place.get("links") or place).wrong(
            f"services wait for each other in a circle: {' -> '.join(turned)}", "take one of them out of the circle"
        ) from None


def _possible(service: Service, services: Mapping[str, Service], at: At) -> tuple[Dependency, ...]:
    possible: list[Dependency] = []
    for dependency in service.depends_on:
        target = services[dependency.service]
        written = at.get("depends_on") or at
        entry = (written.get(target.name) or written) if isinstance(written.value, Mapping) else written
        if not target.process.run:
            # Its command never runs, which a warning says: to be there is all that it can do.
            possible.append(replace(dependency, condition="service_started"))
            continue
        if dependency.condition == "service_healthy" and target.healthcheck is None:
            raise entry.wrong(
                f'"{target.name}" never becomes healthy: it has no healthcheck',
                f"write a healthcheck for {target.name}, or condition: service_started",
            )
        if dependency.condition == "service_completed_successfully" and not target.process.command:
            raise entry.wrong(
                f'"{target.name}" never completes: it has no command',
                f"write a command for {target.name}, or condition: service_started",
            )
        possible.append(dependency)
    return tuple(possible)


def links(service: At) -> tuple[tuple[str, str], ...]:
    """(service, alias) of every link; without an alias the service's own name."""
    found: list[tuple[str, str]] = []
    written = service.get("links")
    for element in written.elements() if written else ():
        target, _, alias = element.text().partition(":")
        found.append((target, host_alias(At(replace(element.node, value=alias or target), element.path))))
    return tuple(found)
