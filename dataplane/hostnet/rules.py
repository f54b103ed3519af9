"""What the host has to do for a lab, as data, and how a plan says it. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Interface, IPv6Interface

from dataplane.gateways import MASQUERADE, MODE, SOURCE, gateway
from dataplane.model import IPAddress, IPNetwork, Network, Plan, Pool
from dataplane.options import boolean
from dataplane.uplink import UPLINK, network_of, uplink_port
from dataplane.uplinks import leaving

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
    ``network``: the one whose own the uplink is, "" where it is the lab's.

    ``routed``: subnets whose addresses the world knows: not translated. ``sources``: subnets that leave as one address of the
    host, instead of that of the interface by which they go.
    """

    lab: str
    tap: str
    network: str = ""
    router4: IPv4Interface | None = None
    router6: IPv6Interface | None = None
    routed: tuple[IPNetwork, ...] = ()
    sources: tuple[tuple[IPNetwork, IPAddress], ...] = ()
    ways: tuple[Way, ...] = ()

    @property
    def table(self) -> str:
        """The name of the uplink's nftables table, of family inet: that of the lab, in which there are no dots."""
        return f"{PREFIX}{self.lab}.{self.network}" if self.network else f"{PREFIX}{self.lab}"

    @property
    def owner(self) -> str:
        """Who needs what the uplink needs, in the ledger. No lab can be called as a network's uplink is."""
        return f"{self.lab}/{uplink_port(self.network)}" if self.network else self.lab

    def router(self, version: int) -> IPAddress | None:
        """The engine's address of an IP version."""
        interface = self.router4 if version == 4 else self.router6
        return interface.ip if interface is not None else None


def host_rules(plan: Plan, port: str = UPLINK) -> HostRules | None:
    """What the plan's uplink of that port asks of the host; None without one, or where it is a real interface: the host has no part
    in that."""
    uplink = plan.uplinks.get(port)
    if uplink is None or uplink.kind != "tap":
        return None
    return HostRules(
        lab=plan.name,
        tap=uplink.name or "",
        network=network_of(port),
        router4=uplink.ipv4,
        router6=uplink.ipv6,
        routed=tuple(_routed(plan, port)),
        sources=tuple(_sources(plan, port)),
        ways=ways(plan, port),
    )


def ways(plan: Plan, port: str = UPLINK) -> tuple[Way, ...]:
    """The published ports that the host has a part in."""
    return tuple(
        Way(protocol=one.protocol, first=one.first, last=one.last, transfer=one.transfer, host_ip=one.host_ip, versions=versions)
        for one in plan.published
        if one.uplink == port
        if (versions := tuple(version for version, address in ((4, one.ipv4), (6, one.ipv6)) if address is not None))
    )


def subnets(plan: Plan, port: str = UPLINK) -> Iterator[IPNetwork]:
    """Those that the host reaches through the uplink: of every network that leaves by it and whose gateway has an address, in the
    uplink's families."""
    uplink = plan.uplinks.get(port)
    for network in leaving(port, plan.networks):
        if network.driver != "bridge" or uplink is None:
            continue
        for version in gateway(network).addresses:
            if uplink.ours(version) is not None:
                yield from (pool.subnet for pool in network.pools if pool.subnet.version == version)


def _bridged(plan: Plan, port: str) -> Iterator[tuple[Network, Pool]]:
    for network in leaving(port, plan.networks):
        yield from ((network, pool) for pool in network.pools if network.driver == "bridge" and not network.internal)


def _routed(plan: Plan, port: str) -> Iterator[IPNetwork]:
    """What the file says is routed, or not masqueraded. IPv6, which is routed without a word, is masqueraded here: unless the
    world knows its addresses, nothing would come back."""
    for network, pool in _bridged(plan, port):
        mode = MODE[pool.subnet.version]
        if network.options.get(mode) == "routed" or not boolean(network.options, MASQUERADE, True):
            yield pool.subnet


def _sources(plan: Plan, port: str) -> Iterator[tuple[IPNetwork, IPAddress]]:
    asking = [(network, pool) for network, pool in _bridged(plan, port) if SOURCE[pool.subnet.version] in network.options]
    routed = set(_routed(plan, port)) if asking else set()
    for network, pool in asking:
        address = gateway(network).sources.get(pool.subnet.version)
        if address is not None and pool.subnet not in routed:
            yield pool.subnet, address
