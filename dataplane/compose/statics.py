"""Addresses written in the file belong to one service each."""

from __future__ import annotations

from collections.abc import Mapping

from dataplane.compose.nodes import At
from dataplane.model import Service


def check_statics(services: Mapping[str, Service], at: Mapping[str, At]) -> None:
    """UserError when two services write one address, or one MAC, on one network; both are named."""
    taken: dict[tuple[str, object], str] = {}
    for service in services.values():
        for attachment in service.attachments:
            for key in ("ipv4_address", "ipv6_address", "mac_address"):
                value = getattr(attachment, key)
                if value is None:
                    continue
                other = taken.setdefault((attachment.network, value), service.name)
                if other != service.name:
                    raise _written(at[service.name], attachment.network, key).wrong(
                        f'{value} on "{attachment.network}" is given to two services, "{other}" and "{service.name}"',
                        "change one of them",
                    )


def _written(service: At, network: str, key: str) -> At:
    """Where ``key`` stands: under the network, or (a MAC) under the service."""
    networks = service.get("networks")
    entry = networks.get(network) if networks is not None and isinstance(networks.value, Mapping) else None
    return (entry.get(key) if entry else None) or service.get(key) or service
