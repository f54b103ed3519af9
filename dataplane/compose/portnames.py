"""The names of ports and instances that a file gives rise to, each of which may be given once (DESIGN: "Ports have names")."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dataplane.compose.nodes import At
from dataplane.model import Network, Service


def instance_names(service: Service) -> Iterator[str]:
    """``web``, or ``web-1``, ``web-2``… when scale or replicas was written."""
    if service.scaled:
        yield from (f"{service.name}-{index}" for index in range(1, service.replicas + 1))
    else:
        yield service.name


def check_names(services: Mapping[str, Service], networks: Mapping[str, Network], at: Mapping[str, At]) -> None:
    """UserError when two instances or two ports would have one name, both named. The names of uplinks and the like are taken."""
    instances: dict[str, str] = {}
    ports = {"uplink": "the lab's uplink", "underlay": "the lab's underlay"}
    for key in networks:
        ports |= {f"{kind}.{key}": f'the {kind} of the network "{key}"' for kind in ("uplink", "underlay", "parent")}
        if networks[key].underlay is not None:
            ports[f"vtep.{key}"] = f'the VTEP of the network "{key}"'
    for service in services.values():
        for instance in instance_names(service):
            owner = f'the service "{service.name}"' if instance == service.name else f'a copy of the service "{service.name}"'
            _claim(instances, instance, owner, "instances", at[service.name])
            for attachment in service.attachments:
                _claim(ports, f"{instance}.{attachment.network}", f'{owner} on "{attachment.network}"', "ports", at[service.name])


def _claim(taken: dict[str, str], name: str, owner: str, what: str, at: At) -> None:
    other = taken.setdefault(name, owner)
    if other is not owner:
        raise at.wrong(f'two {what} would be called "{name}": {other}, and {owner}', "rename one of them")
