"""A daemon that begins finds containers that another one started: those that run go on, untouched."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from dataplane.daemon.container import freezer
from dataplane.daemon.containers import Containers
from dataplane.desired.records import PAUSED, RESTARTING, ContainerRecord
from dataplane.errors import UserError
from dataplane.live.backoff import FIRST_DELAY
from dataplane.proc import pids
from dataplane.proc.instance import Instance
from dataplane.proc.spec import Status

LOST = 255
"""Docker's exit status of a container whose end nobody saw."""
KILLED = 137


async def adopt(containers: Containers) -> None:
    """Take up what is there. Processes that nobody wants any more, of a daemon that was killed half way, end.

    Of every container that is to be alive: its process, or its end. Of the others: what their policy wants of a daemon that
    begins, which is that `always` runs, and `unless-stopped` unless it was stopped."""
    records = list(containers.core.state.containers.values())
    instances = containers.core.folder / "instances"
    running = await asyncio.to_thread(_running, containers, records)
    paused = {one.short for one in records if one.fate.state == PAUSED and one.id in running}
    await asyncio.to_thread(_thaw, instances, paused)
    await asyncio.to_thread(_sweep, instances, {one.short: one.alive for one in records})
    await asyncio.to_thread(containers.core.kept.sweep, {one.id for one in records})
    for record in records:
        life = containers.life(record.id)
        if record.alive:
            if record.id in running:
                life.watch(running[record.id])
                continue
            status, lost = await asyncio.to_thread(_last, containers, record)
            await life.ended(status, lost=lost)
        elif record.fate.state == RESTARTING:
            life.restarts.soon(FIRST_DELAY)
        elif record.fate.started and not record.auto_remove and _wants(record):
            await life.restore()
        elif record.auto_remove and record.fate.started:
            await containers.remove(record.id)  # it was on its way out


def _thaw(folder: Path, paused: set[str]) -> None:
    """All but ``paused`` goes on: a daemon was killed between freezing and saying so. What is frozen does not end, and nothing is
    left of the pause of what has ended."""
    if folder.is_dir():
        freezer.thaw([place for place in folder.iterdir() if place.name not in paused])


def _sweep(folder: Path, alive: Mapping[str, bool]) -> None:
    """End the shims of containers that are not to be alive, and remove the folders of those that are no more."""
    for place in sorted(folder.iterdir()) if folder.is_dir() else ():
        if alive.get(place.name):
            continue
        body = pids.read_json(str(place / "status.json"))
        if body is not None:
            pids.kill(body["pid"], body["start"])
        if place.name not in alive:
            shutil.rmtree(place, ignore_errors=True)


def _wants(record: ContainerRecord) -> bool:
    policy = record.restart.policy
    return policy == "always" or (policy == "unless-stopped" and not record.fate.stopped)


def _running(containers: Containers, records: list[ContainerRecord]) -> dict[str, Instance]:
    """By id, those that are to be alive and are."""
    found = {}
    for record in records:
        if record.alive:
            with suppress(UserError):
                found[record.id] = Instance.open(containers.core.folder, record.short)
    return found


def _last(containers: Containers, record: ContainerRecord) -> tuple[Status, bool]:
    """How it ended, from its shim's last words; and whether nobody knows, for then the machine went down, or the daemon before it
    could start the process."""
    body = pids.read_json(str(containers.core.folder / "instances" / record.short / "status.json"))
    if body is None:
        return Status("exited", 0, LOST, 0, None), True
    if body["exit"] is None:
        return Status("exited", body["pid"], KILLED, body["started"], None), False
    return Status("exited", body["pid"], body["exit"], body["started"], body["finished"]), False
