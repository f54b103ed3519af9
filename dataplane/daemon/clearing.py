"""Take away by hand what a daemon that was stopped or killed has left running on this host. What it remembers stays."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from dataplane.daemon import places
from dataplane.daemon.container import freezer
from dataplane.daemon.process import hold
from dataplane.proc import mounts, pids
from dataplane.proc.clean import clear


def clear_left(state: Path, tell: Callable[[str], None]) -> int | None:
    """End its containers and its helper, remove namespaces, the host's interface, rules and sysctls. How many containers were
    ended, None where nothing was left. ``tell``: commands that do what was done on the host. Blocking.

    UserError: a daemon has that state, and nothing is touched; or something cannot be taken away."""
    lock = hold(state, mend="stop that daemon first") if state.is_dir() else None
    try:
        folder = places.made_runtime(places.name_of(state))
        found = any(folder.iterdir())
        instances = _instances(folder)
        freezer.thaw(instances)
        alive = sum(map(_runs, instances))
        clear(folder, tell=tell)
    finally:
        if lock is not None:
            os.close(lock)
    base = folder.parent
    if os.geteuid() == 0:
        mounts.release(str(base), others=lambda: any(one.is_dir() for one in base.iterdir()))
    with suppress(OSError):  # other daemons'
        base.rmdir()
    return alive if found else None


def _instances(folder: Path) -> list[Path]:
    with suppress(FileNotFoundError):
        return list((folder / "instances").iterdir())
    return []


def _runs(place: Path) -> bool:
    body = pids.read_json(str(place / "status.json"))
    return body is not None and pids.alive(body["pid"], body["start"])
