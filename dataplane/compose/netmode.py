"""``network_mode``: which namespace a service lives in, when it is not one of its own."""

from __future__ import annotations

from collections.abc import Mapping

from dataplane.compose.attachments import networks_used
from dataplane.compose.context import Context
from dataplane.compose.nodes import At
from dataplane.model import Service

MODES = "write none, host, service:NAME or netns:PATH, or leave it out and use networks"


def network_mode(name: str, service: At, context: Context) -> str:
    """``""``, ``none``, ``host``, ``service:X`` or ``netns:PATH``. A container of this lab is named by its service."""
    written = service.get("network_mode")
    if written is None:
        return "none" if service.get("provider") else _of_driver(service, context)
    mode, colon, rest = written.text().partition(":")
    if mode in ("bridge", "default") and not colon:
        raise written.wrong(
            f'network_mode "{mode}" is Docker\'s own bridge, which a lab does not have',
            "leave it out: the service joins the network default",
        )
    if mode in ("none", "host") and not colon:
        result = mode
    elif mode == "service" and rest:
        result = f"service:{_service(rest, written, context)}"
    elif mode == "container" and rest:
        result = f"service:{_container(rest, written, context)}"
    elif mode == "netns" and rest:
        if not rest.startswith("/"):
            raise written.wrong(f'"{rest}" is not an absolute path', f"write netns:/run/netns/{rest.rpartition('/')[2]}")
        result = f"netns:{rest}"
    else:
        raise written.wrong(f'"{written.text()}" is not a network mode', MODES)
    if result == f"service:{name}":
        raise written.wrong("a service cannot share its own namespace", MODES)
    networks = service.get("networks")
    if networks is not None and networks.value and mode != "netns":
        raise written.wrong(
            f'network_mode "{written.text()}" and networks exclude each other', "keep one of the two (netns:PATH may have both)"
        )
    return result


def check_shared(services: Mapping[str, Service], at: Mapping[str, At]) -> None:
    """UserError when a service shares the namespace of one that has no instance."""
    for service in services.values():
        target = service.network_mode.removeprefix("service:")
        if target != service.network_mode and services[target].replicas == 0:
            raise at[service.name].wrong(
                f'there are 0 instances of "{target}", whose namespace this service shares', f"scale {target} to 1"
            )


def _of_driver(service: At, context: Context) -> str:
    """``host`` or ``none`` when the service joins a network of that driver, which is then its only one."""
    names = list(networks_used(service))
    for name in names:
        network = context.networks.get(name)
        if network is not None and network.driver in ("host", "none"):
            if len(names) > 1:
                raise service.wrong(
                    f'"{name}" has the driver {network.driver}, so it must be the service\'s only network', "remove the others"
                )
            return network.driver
    return ""


def _service(target: str, written: At, context: Context) -> str:
    if target not in context.services:
        raise written.wrong(
            f'there is no service "{target}" whose namespace could be shared', f"services here: {', '.join(context.services)}"
        )
    return target


def _container(target: str, written: At, context: Context) -> str:
    if target not in context.containers:
        raise written.wrong(
            f'no service of this lab has the container name "{target}"',
            "containers outside the lab are from a later version: write service:NAME",
        )
    return context.containers[target]
