"""Published and exposed ports, in the two shapes that Docker shows them in."""

from __future__ import annotations

from collections.abc import Iterator

from dataplane.desired.records import ContainerRecord, State
from dataplane.desired.references import endpoints_of
from dataplane.model import Published

Place = tuple[int, str, str, int]
"""Container port, protocol, host address, host port."""


def places(state: State, container: ContainerRecord) -> list[Place]:
    """All that is published now, in Docker's order."""
    found = {place for one in state.published.get(container.id, ()) for place in _of(one)}
    return sorted(found, key=lambda place: (place[0], place[1], ":" in place[2], place[2], place[3]))


def _of(one: Published) -> Iterator[Place]:
    """An address of the host that is not said is every one of it, of both families."""
    if one.ipv4 is None and one.ipv6 is None and not one.opened:
        return  # no family of the container's can be reached from there
    hosts = ["0.0.0.0", "::"] if one.host_ip is None else [str(one.host_ip)]
    for number in range(one.first, one.last + 1):
        for host in hosts:
            yield one.target + number - one.first, one.protocol, host, number


def _exposed(state: State, container: ContainerRecord) -> tuple[str, ...]:
    """Bridges alone know of ports: elsewhere whoever reaches a container reaches all of them."""
    drivers = {state.networks[record.network].driver for record in endpoints_of(state, container.id)}
    return container.expose if "bridge" in drivers else ()


def port_map(state: State, container: ContainerRecord) -> dict[str, list[dict[str, str]] | None]:
    """NetworkSettings.Ports: null for what is exposed and not published."""
    if not container.alive:
        return {}
    found: dict[str, list[dict[str, str]] | None] = dict.fromkeys(_exposed(state, container))
    for target, protocol, host, number in places(state, container):
        here = found.get(f"{target}/{protocol}") or []
        here.append({"HostIp": host, "HostPort": str(number)})
        found[f"{target}/{protocol}"] = here
    return dict(sorted(found.items()))


def port_list(state: State, container: ContainerRecord) -> list[dict[str, object]]:
    """Ports of GET /containers/json."""
    if not container.alive:
        return []
    found: list[dict[str, object]] = []
    published = places(state, container)
    for target, protocol, host, number in published:
        found.append({"IP": host, "PrivatePort": target, "PublicPort": number, "Type": protocol})
    for spec in _exposed(state, container):
        private, _, protocol = spec.partition("/")
        if not any(place[:2] == (int(private), protocol or "tcp") for place in published):
            found.append({"PrivatePort": int(private), "Type": protocol or "tcp"})
    return found
