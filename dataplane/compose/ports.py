"""``ports`` of a service: Docker's short form and Compose's long one -> `model.PortBinding`s. The words of errors are Docker's."""

from __future__ import annotations

import ipaddress
from dataclasses import replace

from dataplane.compose.nodes import At, is_decimal
from dataplane.model import IPAddress, PortBinding

PROTOCOLS = ("tcp", "udp", "sctp")
FORMS = 'write "8080:80", "127.0.0.1:8080:80", "[::1]:8080:80", "80", "8000-8010:80" or "53:53/udp"'


def port_bindings(at: At | None) -> tuple[PortBinding, ...]:
    """Every entry, in order."""
    if at is None:
        return ()
    return tuple(_short(entry) if isinstance(entry.value, str | int | float) else _long(entry) for entry in at.elements())


def _short(at: At) -> PortBinding:
    """``[[HOST_IP:]HOST_PORT:]CONTAINER_PORT[/PROTOCOL]``; ports may be ranges, the address stands in brackets where it is IPv6."""
    text = at.text()
    ports, _, protocol = text.partition("/")
    *front, container = ports.split(":")
    published = front.pop() if front else ""
    host = ":".join(front)
    first, last = _range(at, container, "containerPort")
    binding = PortBinding(target=first, target_last=last, host_ip=_host_ip(at, host), protocol=_protocol(at, protocol or "tcp"))
    return _at_host(at, binding, published)


def _long(at: At) -> PortBinding:
    target, published, host_ip, protocol, mode = (at.get(key) for key in ("target", "published", "host_ip", "protocol", "mode"))
    assert target is not None  # its shape has been checked
    if mode is not None and mode.text() not in ("ingress", "host"):
        raise mode.wrong(f'"{mode.text()}" is neither ingress nor host', "leave it out: on one host they are the same")
    first, last = _range(target, target.text(), "containerPort")
    binding = PortBinding(
        target=first,
        target_last=last,
        host_ip=_host_ip(host_ip, host_ip.text()) if host_ip else None,
        protocol=_protocol(protocol, protocol.text()) if protocol else "tcp",
    )
    return _at_host(published or at, binding, published.text() if published else "")


def _at_host(at: At, binding: PortBinding, text: str) -> PortBinding:
    """A host range may be longer than one container port (the first free is taken), and else is as long as the container's."""
    if text in ("", "0"):
        return binding
    first, last = _range(at, text, "hostPort")
    if last - first != binding.target_last - binding.target != 0:
        container = f"{binding.target}-{binding.target_last}"
        raise at.wrong(f"invalid ranges specified for container and host Ports: {container} and {text}", "make both equally long")
    return replace(binding, first=first, last=last)


def _range(at: At, text: str, what: str) -> tuple[int, int]:
    first, dash, last = text.partition("-")
    if not (is_decimal(first) and (is_decimal(last) if dash else True)) or not 1 <= int(first) <= int(last or first) <= 65535:
        raise at.wrong(f"invalid {what}: {text}", f"ports go from 1 to 65535: {FORMS}")
    return int(first), int(last or first)


def _host_ip(at: At, text: str) -> IPAddress | None:
    bare = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    if not text:
        return None
    try:
        address = ipaddress.ip_address(bare)
    except ValueError:
        raise at.wrong(f"invalid IP address: {text}", FORMS) from None
    if address.version == 6 and getattr(address, "scope_id", None) is not None:
        raise at.wrong(f"invalid IP address: {text}", f"write it without the interface: {bare.partition('%')[0]}")
    return address


def _protocol(at: At, text: str) -> str:
    if text.lower() not in PROTOCOLS:
        raise at.wrong(f"invalid proto: {text}", "write tcp, udp or sctp")
    return text.lower()
