"""Names a service is given by hand: ``hostname``, ``extra_hosts``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from dataplane.compose.addresses import address
from dataplane.compose.findings import Findings
from dataplane.compose.nodes import At

HOSTNAME = re.compile(r"(?=.{1,64}$)[a-zA-Z0-9]([a-zA-Z0-9_-]*[a-zA-Z0-9])?(\.[a-zA-Z0-9]([a-zA-Z0-9_-]*[a-zA-Z0-9])?)*", re.ASCII)
"""64 octets are what the kernel's UTS namespace holds (sethostname(2))."""


def hostname(at: At | None) -> str | None:
    """The host name, as RFC 1123 section 2.1 allows it, and ``_``."""
    if at is not None and not HOSTNAME.fullmatch(at.text()):
        raise at.wrong(f'"{at.text()}" cannot be a host name', 'use letters, digits, "-" and ".", at most 64')
    return None if at is None else at.text()


def extra_hosts(name: str, at: At | None, findings: Findings) -> tuple[tuple[str, str], ...]:
    """(host, address) pairs of /etc/hosts. ``host-gateway`` needs a gateway, so it is left out and noted."""
    found: list[tuple[str, str]] = []
    for host, entry in _entries(at):
        text = entry.text()
        if text == "host-gateway":
            findings.ignore("extra_hosts: host-gateway", name)
            continue
        bare = text[1:-1] if text.startswith("[") and text.endswith("]") else text
        found.append((host, str(address(At(replace(entry.node, value=bare), entry.path)))))
    return tuple(found)


def _entries(at: At | None) -> Iterator[tuple[str, At]]:
    if at is None:
        return
    if isinstance(at.value, Mapping):
        for host, addresses in at.items():
            _sound(host, addresses)
            for element in addresses.elements():
                yield host, element
        return
    for element in at.elements():
        text = element.text()
        host, separator, rest = text.partition("=") if "=" in text else text.partition(":")
        if not separator:
            raise element.wrong(f'"{text}" has no address', 'write "host=10.0.0.5"')
        _sound(host, element)
        for part in rest.split(","):
            yield host, At(replace(element.node, value=part), element.path)


def _sound(host: str, at: At) -> None:
    if not HOSTNAME.fullmatch(host):
        raise at.wrong(f'"{host}" cannot be a host name', 'use letters, digits, "-" and ".", at most 64')
