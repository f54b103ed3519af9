"""Whether the conditions of ``depends_on`` hold: Compose's rules."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dataplane.live.health import HEALTHY, UNHEALTHY
from dataplane.model import Dependency, Service

if TYPE_CHECKING:
    from dataplane.live.supervisor import Supervisor


@dataclass(frozen=True, slots=True)
class Blocked:
    """``reason``: what a service waits for, or empty; ``for_ever``: it will not come; ``warnings``: what it does without."""

    reason: str = ""
    for_ever: bool = False
    warnings: tuple[str, ...] = ()


def unmet(service: Service, instances_of: Callable[[str], Sequence[Supervisor]]) -> Blocked:
    """The first condition that does not hold; one that never will comes before those that may."""
    first: Blocked | None = None
    warnings = []
    for dependency in service.depends_on:
        for other in instances_of(dependency.service):
            blocked = _blocked(dependency, other)
            if blocked is None:
                continue
            if blocked.for_ever and not dependency.required:
                warnings.append(f"goes on without {dependency.service}, which it does not require: {blocked.reason}")
            elif blocked.for_ever:
                return blocked
            else:
                first = first or blocked
    return first or Blocked(warnings=tuple(warnings))


def _blocked(dependency: Dependency, other: Supervisor) -> Blocked | None:
    """What keeps one instance of a dependency from being as it must; None: it is."""
    if other.state == "failed":
        return Blocked(f"{other.name} failed: {other.why}", for_ever=True)
    if dependency.condition == "service_started":
        return None if other.started is not None else Blocked(f"{other.name} to start")
    return _incomplete(other) if dependency.condition == "service_completed_successfully" else _unwell(other)


def _incomplete(other: Supervisor) -> Blocked | None:
    if other.state != "exited":
        return Blocked(f"{other.name} to complete")
    return None if other.exit == 0 else Blocked(f"{other.name} did not complete successfully: exit {other.exit}", for_ever=True)


def _unwell(other: Supervisor) -> Blocked | None:
    if other.state == "exited":
        return Blocked(f"{other.name} exited ({other.exit})", for_ever=True)
    if other.state == "running" and other.health is None:
        return Blocked(f"{other.name} has no healthcheck", for_ever=True)
    state = other.health.state if other.health and other.state == "running" else ""
    if state == UNHEALTHY:
        return Blocked(f"{other.name} is unhealthy", for_ever=True)
    return None if state == HEALTHY else Blocked(f"{other.name} to be healthy")
