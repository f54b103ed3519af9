"""In which order services stop: whoever depends on others before them."""

from __future__ import annotations

from collections.abc import Mapping
from graphlib import TopologicalSorter

from dataplane.model import Service


def stop_levels(services: Mapping[str, Service]) -> list[list[str]]:
    """Instances by name, in groups: those of one group stop at once, the groups one after the other."""
    by_service: dict[str, list[str]] = {}
    for name, service in services.items():
        by_service.setdefault(service.name, []).append(name)
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for service in services.values():
        sorter.add(service.name, *(d.service for d in service.depends_on if d.service in by_service))
    sorter.prepare()
    levels = []
    while sorter.is_active():
        ready = sorter.get_ready()
        levels.append([name for service in ready for name in by_service[service]])
        sorter.done(*ready)
    return levels[::-1]
