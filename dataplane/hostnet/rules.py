"""What the host has to do for a lab, as data. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Interface, IPv6Interface

from dataplane.model import IPAddress, IPNetwork

PREFIX = "dataplane-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One range of published ports as the host sees it: which packets go to the engine, and to which of its ports.

    ``host_ip`` None: every address of the host. ``transfer``: the engine's port for ``first``. ``versions``: the IP versions that
    the container has; packets of others are relayed, not translated.
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

    ``routed``: subnets whose addresses the world knows; they are not masqueraded.
    """

    lab: str
    tap: str
    router4: IPv4Interface | None = None
    router6: IPv6Interface | None = None
    routed: tuple[IPNetwork, ...] = ()
    ways: tuple[Way, ...] = ()

    @property
    def table(self) -> str:
        """The name of the lab's nftables table, of family inet."""
        return f"{PREFIX}{self.lab}"

    def router(self, version: int) -> IPAddress | None:
        """The engine's address of an IP version."""
        interface = self.router4 if version == 4 else self.router6
        return interface.ip if interface is not None else None
