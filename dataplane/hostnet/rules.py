"""What the host has to do for a lab, as data, and how a plan says it. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Interface, IPv6Interface

from dataplane.gateways import MASQUERADE, MODE, gateway
from dataplane.model import IPAddress, IPNetwork, Network, Plan, Pool
from dataplane.options import boolean

PREFIX = "dataplane-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One range of published ports as the host sees it: which packets go to the engine, and to which of its ports.

    ``host_ip`` None: every address of the host; 0.0.0.0 or ::, every one of that family. ``transfer``: the engine's port for
    ``first``. ``versions``: the IP versions in which the engine publishes it; packets of another are relayed, not translated.
    """

    protocol: str
    first: int
    last: int
    transfer: int
    host_ip: IPAddress | None = None
    versions: tuple[int, ...] = (4,)


@dataclass(frozen=True, slots=True, kw_only=True)
class HostRules:
    """``tap``: the uplink's interface on the host. ``router4``, ``router6``: the engine's addresses on the transfer network.

    ``routed``: subnets whose addresses the world knows: not translated. ``sources``: subnets that leave as one address of the
    host, instead of that of the interface by which they go.
    """

    lab: str
    tap: str
    router4: IPv4Interface | None = None
    router6: IPv6Interface | None = None
    routed: tuple[IPNetwork, ...] = ()
    sources: tuple[tuple[IPNetwork, IPAddress], ...] = ()
    ways: tuple[Way, ...] = ()

    @property
    def table(self) -> str:
        """The name of the lab's nftables table, of family inet."""
        return f"{PREFIX}{self.lab}"

    def router(self, version: int) -> IPAddress | None:
        """The engine's address of an IP version."""
        interface = self.router4 if version == 4 else self.router6
        return interface.ip if interface is not None else None


def host_rules(plan: Plan) -> HostRules | None:
    """What the plan's uplink asks of the host; None without one, or where it is a real interface: the host has no part in that."""
    uplink = plan.uplink
    if uplink is None or uplink.kind != "tap":
        return None
    return HostRules(
        lab=plan.name,
        tap=uplink.name or "",
        router4=uplink.ipv4,
        router6=uplink.ipv6,
        routed=tuple(_routed(plan)),
        sources=tuple(_sources(plan)),
        ways=ways(plan),
    )


def ways(plan: Plan) -> tuple[Way, ...]:
    """The published ports that the host has a part in."""
    return tuple(
        Way(protocol=one.protocol, first=one.first, last=one.last, transfer=one.transfer, host_ip=one.host_ip, versions=versions)
        for one in plan.published
        if (versions := tuple(version for version, address in ((4, one.ipv4), (6, one.ipv6)) if address is not None))
    )


def subnets(plan: Plan) -> Iterator[IPNetwork]:
    """Those that the host reaches through the uplink: of every network whose gateway has an address, in the uplink's families."""
    uplink = plan.uplink
    for network in plan.networks.values():
        if network.driver != "bridge" or uplink is None:
            continue
        for version in gateway(network).addresses:
            if (uplink.ipv4 if version == 4 else uplink.ipv6) is not None:
                yield from (pool.subnet for pool in network.pools if pool.subnet.version == version)


def _bridged(plan: Plan) -> Iterator[tuple[Network, Pool]]:
    for network in plan.networks.values():
        yield from ((network, pool) for pool in network.pools if network.driver == "bridge" and not network.internal)


def _routed(plan: Plan) -> Iterator[IPNetwork]:
    """What the file says is routed, or not masqueraded. IPv6, which is routed without a word, is masqueraded here: unless the
    world knows its addresses, nothing would come back."""
    for network, pool in _bridged(plan):
        mode = MODE[pool.subnet.version]
        if network.options.get(mode) == "routed" or not boolean(network.options, MASQUERADE, True):
            yield pool.subnet


def _sources(plan: Plan) -> Iterator[tuple[IPNetwork, IPAddress]]:
    routed = set(_routed(plan))
    for network, pool in _bridged(plan):
        address = gateway(network).sources.get(pool.subnet.version)
        if address is not None and pool.subnet not in routed:
            yield pool.subnet, address
