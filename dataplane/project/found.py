"""What a daemon has of a project, by Compose's labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dataplane.client import Daemon
from dataplane.project import labels


@dataclass(frozen=True, slots=True)
class Have:
    """A network or a container: ``hash`` is that of the file it was made of; ``running`` is of containers."""

    id: str
    name: str
    hash: str
    service: str = ""
    running: bool = False
    networks: frozenset[str] = frozenset()


def networks(daemon: Daemon, project: str) -> dict[str, Have]:
    """By name."""
    rows = daemon.ask("GET", "/networks", query=_of(project))
    return {row["Name"]: Have(row["Id"], row["Name"], row["Labels"].get(labels.HASH, "")) for row in rows}


def containers(daemon: Daemon, project: str) -> dict[str, Have]:
    """By name, those that do not run too."""
    rows = daemon.ask("GET", "/containers/json", query={"all": True, **_of(project)})
    return {have.name: have for have in map(_container, rows)}


def projects(daemon: Daemon) -> list[str]:
    """Their names."""
    rows = [*daemon.ask("GET", "/networks"), *daemon.ask("GET", "/containers/json", query={"all": True})]
    return sorted({row["Labels"][labels.PROJECT] for row in rows if labels.PROJECT in (row.get("Labels") or {})})


def _container(row: dict[str, Any]) -> Have:
    said = row["Labels"]
    joined = frozenset(((row.get("NetworkSettings") or {}).get("Networks") or {}).keys())
    running = row["State"] in {"running", "paused", "restarting"}
    return Have(row["Id"], row["Names"][0].lstrip("/"), said.get(labels.HASH, ""), said.get(labels.SERVICE, ""), running, joined)


def _of(project: str) -> dict[str, Any]:
    return {"filters": {"label": {f"{labels.PROJECT}={project}": True}}}
