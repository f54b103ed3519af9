"""What became of a container, in words and as Docker's State."""

from __future__ import annotations

import time

from dataplane.api.times import rfc3339
from dataplane.daemon.face import Daemon
from dataplane.desired import records
from dataplane.desired.records import ContainerRecord
from dataplane.spans import SECOND, ago


def status(daemon: Daemon, container: ContainerRecord) -> str:
    """The column STATUS."""
    fate, now = container.fate, time.time_ns()
    if fate.state == records.RESTARTING:
        return f"Restarting ({fate.exit}) {ago((now - fate.finished) / SECOND)} ago"
    if fate.state == records.PAUSED:
        return f"Up {ago((now - fate.started) / SECOND)} (Paused)"
    if fate.state == records.RUNNING:
        health = daemon.containers.health(container.id)[0] if container.healthcheck is not None else ""
        word = {"starting": " (health: starting)", "healthy": " (healthy)", "unhealthy": " (unhealthy)"}.get(health, "")
        return f"Up {ago((now - fate.started) / SECOND)}{word}"
    if fate.state == records.DEAD:
        return "Dead"
    if fate.state == records.CREATED or not fate.finished:
        return "Created"
    return f"Exited ({fate.exit}) {ago((now - fate.finished) / SECOND)} ago"


def state_object(daemon: Daemon, container: ContainerRecord) -> dict[str, object]:
    """State of GET /containers/{id}/json."""
    fate = container.fate
    body: dict[str, object] = {
        "Status": fate.state,
        "Running": fate.state in {records.RUNNING, records.PAUSED, records.RESTARTING},
        "Paused": fate.state == records.PAUSED,
        "Restarting": fate.state == records.RESTARTING,
        "OOMKilled": False,
        "Dead": fate.state == records.DEAD,
        "Pid": daemon.containers.pid(container.id) if container.alive else 0,
        "ExitCode": fate.exit,
        "Error": fate.error,
        "StartedAt": rfc3339(fate.started),
        "FinishedAt": rfc3339(fate.finished),
    }
    if container.healthcheck is not None:
        word, streak, log = daemon.containers.health(container.id)
        body["Health"] = {"Status": word, "FailingStreak": streak, "Log": [dict(one) for one in log]}
    return body
