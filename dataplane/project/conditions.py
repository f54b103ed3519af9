"""The conditions of ``depends_on``, awaited in a daemon."""

from __future__ import annotations

import time
from collections.abc import Sequence

from dataplane.client import Daemon
from dataplane.errors import UserError
from dataplane.model import Dependency

AGAIN = 0.1
"""Seconds between two looks."""


def wait_for(daemon: Daemon, dependency: Dependency, names: Sequence[str]) -> None:
    """Until every container of the service is as it must be. UserError where one never will, unless it is not required."""
    if dependency.condition == "service_started":
        return
    for name in names:
        while not _holds(daemon, dependency, name):
            time.sleep(AGAIN)


def _holds(daemon: Daemon, dependency: Dependency, name: str) -> bool:
    """It is so, or need not be."""
    state = daemon.ask("GET", f"/containers/{name}/json")["State"]
    ended = state["Status"] in {"exited", "dead"}
    if dependency.condition == "service_completed_successfully":
        if ended and state["ExitCode"] != 0:
            return _hopeless(dependency, f"{name} did not complete successfully: exit {state['ExitCode']}")
        return bool(ended)
    health = (state.get("Health") or {}).get("Status", "none")
    if health == "none":
        return _hopeless(dependency, f"{name} has no healthcheck")
    if ended or health == "unhealthy":
        return _hopeless(dependency, f"{name} exited ({state['ExitCode']})" if ended else f"{name} is unhealthy")
    return bool(health == "healthy")


def _hopeless(dependency: Dependency, why: str) -> bool:
    if dependency.required:
        raise UserError(f"dependency failed to start: {why}", mend="dataplane logs, of that container", status=1)
    return True
