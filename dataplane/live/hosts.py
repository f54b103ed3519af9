"""The text of each instance's /etc/hosts (hosts(5)): who is on its networks, until there is a DNS server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dataplane.model import Endpoint, Instance, Plan

LOCAL = """\
127.0.0.1 localhost
::1 localhost ip6-localhost ip6-loopback
fe00:: ip6-localnet
ff00:: ip6-mcastprefix
ff02::1 ip6-allnodes
ff02::2 ip6-allrouters
"""


@dataclass(frozen=True, slots=True)
class _Line:
    address: str
    names: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.address} {' '.join(self.names)}\n"


def hosts_text(plan: Plan, instance: Instance, base: str = LOCAL) -> str:
    """The file for one instance: ``base``, itself, its neighbours on every network it is on, then what ``extra_hosts`` says."""
    networks = {endpoint.network for endpoint in instance.endpoints}
    lines = list(_own(instance))
    for other in plan.instances.values():
        if other.name != instance.name:
            lines += [line for endpoint in other.endpoints if endpoint.network in networks for line in _lines(other, endpoint)]
    lines += [_Line(address, (name,)) for name, address in instance.service.extra_hosts]
    return base + "".join(map(str, lines))


def _own(instance: Instance) -> Iterator[_Line]:
    for endpoint in instance.endpoints:
        names = (instance.service.hostname or instance.name, *_names(instance, endpoint))
        for address in (endpoint.ipv4, endpoint.ipv6):
            if address is not None:
                yield _Line(str(address), tuple(dict.fromkeys(names)))


def _lines(instance: Instance, endpoint: Endpoint) -> Iterator[_Line]:
    for address in (endpoint.ipv4, endpoint.ipv6):
        if address is not None:
            yield _Line(str(address), _names(instance, endpoint))


def _names(instance: Instance, endpoint: Endpoint) -> tuple[str, ...]:
    """As Docker's DNS answers: the instance, the service, its aliases on this network, and the first with the network's name."""
    return tuple(dict.fromkeys((instance.name, instance.service.name, *endpoint.aliases, endpoint.port)))
