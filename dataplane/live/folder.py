"""Where a command starts whose service does not say."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePath

from dataplane.mounts import Mount


def start_folder(project: str, mounts: Sequence[Mount]) -> str:
    """The project's folder; ``/`` where the service sees something else in its place, or there is none. ``mounts``: outer first."""
    if not Path(project).is_dir():
        return "/"
    seen: PurePath | None = PurePath(project)
    for one in mounts:
        if PurePath(project).is_relative_to(one.target):
            seen = PurePath(one.source, PurePath(project).relative_to(one.target)) if one.source else None
    return project if seen == PurePath(project) else "/"
