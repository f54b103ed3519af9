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
WORD = re.compile(r"[!-~]+")


def host_name(at: At) -> str:
    """A name for /etc/hosts or the UTS namespace, as RFC 1123 section 2.1 allows it, and ``_``."""
    return _sound(at.text(), at)


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
            for element in addresses.elements():
                yield _sound(host, addresses), element
        return
    for element in at.elements():
        text = element.text()
        host, separator, rest = text.partition("=") if "=" in text else text.partition(":")
        if not separator:
            raise element.wrong(f'"{text}" has no address', 'write "host=10.0.0.5"')
        for part in rest.split(","):
            yield _sound(host, element), At(replace(element.node, value=part), element.path)


def _sound(host: str, at: At) -> str:
    if not HOSTNAME.fullmatch(host):
        raise at.wrong(f'"{host}" cannot be a host name', 'use letters, digits, "-" and ".", at most 64')
    return host


def resolver(at: At | None) -> tuple[str, ...]:
    """Words of /etc/resolv.conf: search domains, options (resolv.conf(5))."""
    words = tuple(entry.text() for entry in at.elements()) if at else ()
    for word in words:
        if at is not None and not WORD.fullmatch(word):
            raise at.wrong(f'"{word}" cannot stand in /etc/resolv.conf', "write one word without spaces")
    return words
