"""Ports in requests: `80/tcp`, and what they are published at."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from ipaddress import ip_address

from dataplane.api import asked_container
from dataplane.desired.refused import Refused
from dataplane.model import PortBinding

PROTOCOLS = ("tcp", "udp", "sctp")
MOST = 0xFFFF
_PORT = re.compile(r"(\d{1,5})(?:-(\d{1,5}))?(?:/([A-Za-z]+))?")


def exposed(specs: Iterable[str]) -> tuple[str, ...]:
    """`80/tcp` each; ranges are counted out."""
    found: dict[str, None] = {}
    for text in specs:
        first, last, protocol = _container_port(text)
        for number in range(first, last + 1):
            found[f"{number}/{protocol}"] = None
    return tuple(found)


def bindings(asked: Mapping[str, Sequence[asked_container.PortBinding] | None]) -> tuple[PortBinding, ...]:
    """Of HostConfig.PortBindings. A container port without a binding gets any free port of the host."""
    found = []
    for text, places in asked.items():
        first, last, protocol = _container_port(text)
        for place in places or [asked_container.PortBinding()]:
            low, high = _host_ports(place.HostPort)
            host_ip = None
            if place.HostIp:
                try:
                    host_ip = ip_address(place.HostIp.strip("[]"))
                except ValueError:
                    raise Refused(400, f"invalid IP address: {place.HostIp[:64]}") from None
            found.append(PortBinding(target=first, target_last=last, first=low, last=high, host_ip=host_ip, protocol=protocol))
    return tuple(found)


def _container_port(text: str) -> tuple[int, int, str]:
    match = _PORT.fullmatch(text)
    if match is None:
        raise Refused(400, f"invalid port specification: {text[:64]!r}".replace("'", '"'))
    first, last = int(match[1]), int(match[2] or match[1])
    protocol = (match[3] or "tcp").lower()
    if protocol not in PROTOCOLS:
        raise Refused(400, f"invalid proto: {protocol}")
    if not 0 < first <= last <= MOST:
        raise Refused(400, f"invalid containerPort: {match[1] if match[2] is None else f'{match[1]}-{match[2]}'}")
    return first, last, protocol


def _host_ports(text: str) -> tuple[int, int]:
    """(0, 0): any."""
    if not text or text == "0":
        return 0, 0
    match = re.fullmatch(r"(\d{1,5})(?:-(\d{1,5}))?", text)
    low, high = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
    if not 0 < low <= high <= MOST:
        raise Refused(400, f"invalid hostPort: {text[:64]}")
    return low, high
