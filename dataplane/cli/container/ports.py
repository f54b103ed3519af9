"""``-p`` and ``--expose`` as Docker reads them. Pure; the words of errors are Docker's (28.2)."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from dataplane.cli.verb import Failure

PROTOCOLS = ("tcp", "udp", "sctp")

Bindings = dict[str, list[dict[str, str]]]


def published(specs: Iterable[str]) -> tuple[list[str], Bindings]:
    """The container's ports as ``80/tcp``, and HostConfig.PortBindings."""
    ports: dict[str, None] = {}
    bindings: Bindings = {}
    for spec in specs:
        for port, binding in _one(_standard(spec) if "=" in spec else spec):
            ports[port] = None
            bindings.setdefault(port, []).append(binding)
    return list(ports), bindings


def exposed(specs: Iterable[str]) -> list[str]:
    """``--expose``: every port of each range."""
    found: dict[str, None] = {}
    for spec in specs:
        if ":" in spec:
            raise Failure(f"invalid port format for --expose: {spec}")
        ports, protocol = _split(spec)
        try:
            first, last = port_range(ports)
        except ValueError as error:
            raise Failure(f"invalid range format for --expose: {spec}, error: {error}") from None
        found |= {f"{port}/{protocol}": None for port in range(first, last + 1)}
    return list(found)


def port_range(text: str) -> tuple[int, int]:
    """First and last. ValueError in Go's words."""
    if not text:
        raise ValueError("empty string specified for ports.")
    first, dash, last = text.partition("-")
    begin, end = _number(first), _number(last) if dash else _number(first)
    if end < begin:
        raise ValueError(f"invalid range specified for port: {text}")
    return begin, end


def _one(spec: str) -> Iterable[tuple[str, dict[str, str]]]:
    *front, container = spec.split(":")
    host = front.pop() if front else ""
    address = ":".join(front)
    ports, protocol = _split(container)
    if protocol not in PROTOCOLS:
        raise Failure(f"invalid proto: {protocol}")
    if address.startswith("[") and address.endswith("]"):
        address = address[1:-1]
    if address and not _is_address(address):
        raise Failure(f"invalid IP address: {address}")
    if not ports:
        raise Failure(f"no port specified: {spec}<empty>")
    first, last = _ports(ports, "containerPort")
    begin, end = _ports(host, "hostPort") if host else (0, 0)
    if host and last - first != end - begin and last != first:
        raise Failure(f"invalid ranges specified for container and host Ports: {ports} and {host}")
    for number in range(last - first + 1):
        at_host = str(begin + number) if host else ""
        if host and first == last and begin != end:
            at_host += f"-{end}"
        yield f"{first + number}/{protocol}", {"HostIp": address, "HostPort": at_host}


def _ports(text: str, what: str) -> tuple[int, int]:
    try:
        return port_range(text)
    except ValueError:
        raise Failure(f"invalid {what}: {text}") from None


def _standard(spec: str) -> str:
    """``published=8080,target=80,protocol=udp`` as ``8080:80/udp``."""
    given: dict[str, str] = {}
    for part in spec.split(","):
        name, sign, value = part.partition("=")
        if not sign or not name:
            raise Failure(f"invalid publish opts format (should be name=value but got '{part}')")
        given[name] = value
    return f"{given.get('published', '')}:{given.get('target', '')}/{given.get('protocol') or 'tcp'}"


def _split(text: str) -> tuple[str, str]:
    """The ports, and the protocol in small letters; tcp where none is written."""
    ports, _, protocol = text.partition("/")
    return ports, protocol.lower() or "tcp"


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal()):
        raise ValueError(f'strconv.ParseUint: parsing "{text}": invalid syntax')
    if int(text) > 65535:
        raise ValueError(f'strconv.ParseUint: parsing "{text}": value out of range')
    return int(text)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
