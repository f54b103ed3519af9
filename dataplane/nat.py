"""How a lab's gateway translates, as plain frozen data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network
from types import MappingProxyType

from dataplane.outside import IPAddress


@dataclass(frozen=True, slots=True, kw_only=True)
class Nat:
    """How the lab's gateway translates (``x-dataplane.nat``). ``timeouts``: seconds by kind, those of the RFCs where it is silent;
    ``linux``: Linux's instead. ``addresses``: sources are translated to these, on a packet uplink; else to the uplink's own.
    ``static``: (outside, inside) one to one. ``exclude``: what goes there is not translated. ``mss``: what SYNs may announce at
    most, ``clamp`` for what both links take, 0 for anything. ``icmp_rate``: ICMP errors a second of an interface. ``resumes``: TCP
    connections to published ports that are older than the gateway go on: a daemon's, which is started again under them."""

    mapping: str = "endpoint-independent"
    filtering: str = "address-and-port-dependent"
    strict: bool = False
    linux: bool = False
    timeouts: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    flows: int = 65536
    addresses: tuple[IPAddress, ...] = ()
    static: tuple[tuple[IPAddress, IPAddress], ...] = ()
    exclude: tuple[IPv4Network | IPv6Network, ...] = ()
    mss: int | str = 0
    icmp_rate: int = 100
    resumes: bool = False
