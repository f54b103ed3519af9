"""Make a daemon have what a Compose file wants: what is missing is made, what changed made anew, what is not written goes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from graphlib import TopologicalSorter

from dataplane.client import Daemon
from dataplane.errors import UserError
from dataplane.model import Topology
from dataplane.project import found, wanted
from dataplane.project.conditions import wait_for
from dataplane.sources import check_sources

Tell = Callable[[str], None]


def up(daemon: Daemon, topology: Topology, tell: Tell) -> list[str]:
    """Do it, each change told as one line; the containers' names. Refusal and UserError where something cannot be."""
    check_sources(topology)
    networks = list(wanted.networks(topology))
    containers = {one.name: one for one in wanted.containers(topology)}
    have, there = found.containers(daemon, topology.name), found.networks(daemon, topology.name)
    changed = {one.name for one in networks if one.name in there and there[one.name].hash != one.hash}
    gone = there.keys() - {one.name for one in networks}
    for name, old in sorted(have.items()):
        new = containers.get(name)
        if new is None or new.hash != old.hash or old.networks & (changed | gone):
            tell(f"- container {name}")
            daemon.ask("DELETE", f"/containers/{old.id}", query={"force": True}, timeout=None)
            del have[name]
    for name in sorted(changed | gone):
        tell(f"- network {name}")
        daemon.ask("DELETE", f"/networks/{there[name].id}")
    for one in networks:
        if one.name not in there or one.name in changed:
            tell(f"+ network {one.name}")
            daemon.ask("POST", "/networks/create", body=one.body)
    by_service: dict[str, list[str]] = {}
    for container in containers.values():
        by_service.setdefault(container.service, []).append(container.name)
    for service in _order(topology):
        for dependency in topology.services[service].depends_on:
            wait_for(daemon, dependency, by_service.get(dependency.service, []))
        for name in by_service.get(service, []):
            with _of(topology, service):
                if name not in have:
                    tell(f"+ container {name}")
                    daemon.ask("POST", "/containers/create", query={"name": name}, body=containers[name].body)
                if name not in have or not have[name].running:
                    daemon.ask("POST", f"/containers/{name}/start", timeout=None)
    return list(containers)


@contextmanager
def _of(topology: Topology, service: str) -> Iterator[None]:
    """What the daemon refuses is said with its place in the file."""
    try:
        yield
    except UserError as error:
        error.where = error.where or f"{topology.source}: services.{service}"
        raise


def _order(topology: Topology) -> list[str]:
    """Services, those that others need first; else in the file's order."""
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for service in topology.services.values():
        needs = [d.service for d in service.depends_on if d.service in topology.services]
        needs += [service.network_mode.removeprefix("service:")] if service.network_mode.startswith("service:") else []
        needs += [name for name, _ in service.links if name in topology.services]
        sorter.add(service.name, *needs)
    return list(sorter.static_order())
