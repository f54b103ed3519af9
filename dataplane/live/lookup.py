"""Finding labs: which there are, and which one a user means."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dataplane.errors import UserError
from dataplane.looking.nearest import nearest
from dataplane.proc import pids, registry

if TYPE_CHECKING:
    from dataplane.live.client import Client

RECORD = "about.json"
START = """start one: dataplane up -d
or a daemon, for containers without a file: dataplane daemon"""
"""What to do where no lab runs."""


@dataclass(frozen=True, slots=True)
class LabInfo:
    """A lab of this user. ``pid`` None: its process died; ``source``: its Compose file; ``services``: of its file; times in ns."""

    name: str
    folder: Path
    pid: int | None
    source: str = ""
    services: tuple[str, ...] = ()
    started: int = 0

    @property
    def running(self) -> bool:
        """Its lab process is alive."""
        return self.pid is not None


def write_record(folder: Path, source: str, services: list[str], started: int) -> None:
    """Write down what ``labs`` reads."""
    pids.write_json(str(folder / RECORD), {"source": source, "services": services, "started": started})


def info(name: str) -> LabInfo | None:
    """What there is of a lab of that name."""
    folder = registry.lab_folder(name)
    if not folder.is_dir():
        return None
    holder, record = registry.holder(folder), pids.read_json(str(folder / RECORD)) or {}
    services = tuple(record.get("services", ()))
    return LabInfo(name, folder, holder[0] if holder else None, record.get("source", ""), services, record.get("started", 0))


def labs() -> list[LabInfo]:
    """Every lab of this user, by name."""
    return [found for name in registry.labs() if (found := info(name)) is not None]


def find(service: str | None = None, *, lab: str | None = None, file: str | None = None) -> Client:
    """A client of the one running lab that is meant. UserError when it is none, or several."""
    from dataplane.live.client import Client

    return Client(_meant(service, lab, file).folder)


def _meant(service: str | None, lab: str | None, file: str | None) -> LabInfo:
    running = [one for one in labs() if one.running]
    names, of_all = [one.name for one in running], [name for one in running for name in one.services]
    if lab is not None:
        return _only([one for one in running if one.name == lab], f"no lab {lab} runs", running, nearest(lab, names))
    if file is not None:
        return _only([one for one in running if is_of(one, Path(file))], f"no lab of {file} runs", running)
    if service is not None:
        having = [one for one in running if service in one.services or service.rpartition("-")[0] in one.services]
        here = [one for one in having if is_of(one, Path())]
        return _only(here or having, f"no running lab has a service {service}", running, nearest(service, of_all))
    return _only([one for one in running if is_of(one, Path())] or running, "no lab runs", running)


def is_of(one: LabInfo, path: Path) -> bool:
    """The lab was made of this file, or of one in this folder."""
    wanted = os.path.realpath(path)
    return one.source == wanted or os.path.dirname(one.source) == wanted  # noqa: PTH120 - texts, not paths


def _only(found: list[LabInfo], none: str, running: list[LabInfo], near: str = "") -> LabInfo:
    if len(found) == 1:
        return found[0]
    names = ", ".join(one.name for one in found or running)
    if found:
        raise UserError(f"several labs are meant: {names}", mend="choose one with --lab NAME")
    raise UserError(none, mend=f"{near}running labs: {names}" if names else START, status=1)
