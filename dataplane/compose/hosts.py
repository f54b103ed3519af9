"""Names a service is given by hand: ``hostname``, ``extra_hosts``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from dataplane.compose.addresses import address
from dataplane.compose.nodes import At
from dataplane.model import HOST_GATEWAY

NAME = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9_.-]*", re.ASCII)
LONGEST_NAME = 253
"""Octets of a domain name in text (RFC 1035 section 2.3.4)."""
LONGEST_HOSTNAME = 64
"""Octets that the kernel's UTS namespace holds (sethostname(2))."""
WORD = re.compile(r"[!-~]+")


def alias(at: At) -> str:
    """A name for /etc/hosts: letters, digits, ``-``, ``.`` and, as in Docker, ``_``."""
    return _sound(at.text(), at, LONGEST_NAME)


def hostname(at: At) -> str:
    """The name of a UTS namespace."""
    return _sound(at.text(), at, LONGEST_HOSTNAME)


def extra_hosts(at: At | None) -> tuple[tuple[str, str], ...]:
    """(host, address) pairs of /etc/hosts. ``host-gateway`` stays as it is: the plan knows which address that is."""
    found: list[tuple[str, str]] = []
    for host, entry in _entries(at):
        text = entry.text()
        if text == HOST_GATEWAY:
            found.append((host, text))
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
                yield _sound(host, addresses, LONGEST_NAME), element
        return
    for element in at.elements():
        text = element.text()
        host, separator, rest = text.partition("=") if "=" in text else text.partition(":")
        if not separator:
            raise element.wrong(f'"{text}" has no address', 'write "host=10.0.0.5"')
        for part in rest.split(","):
            yield _sound(host, element, LONGEST_NAME), At(replace(element.node, value=part), element.path)


def _sound(name: str, at: At, longest: int) -> str:
    if len(name) > longest or not NAME.fullmatch(name):
        raise at.wrong(f'"{name[:80]}" cannot be a host name', f'use letters, digits, "-" and ".", at most {longest}')
    return name


def name_servers(at: At | None) -> tuple[str, ...]:
    """Addresses of name servers. Empty ones are left out, as Compose does: ``dns: $MY_SERVER`` may be not set."""
    return tuple(str(address(entry)) for entry in at.elements() if entry.text()) if at else ()


def resolver(at: At | None) -> tuple[str, ...]:
    """Words of /etc/resolv.conf: search domains, options (resolv.conf(5))."""
    words = tuple(entry.text() for entry in at.elements()) if at else ()
    for word in words:
        if at is not None and not WORD.fullmatch(word):
            raise at.wrong(f'"{word}" cannot stand in /etc/resolv.conf', "write one word without spaces")
    return words
