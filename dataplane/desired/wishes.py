"""What users ask for, checked for shape but not yet against what is there. The API makes these of its requests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from dataplane.desired.records import ContainerRecord
from dataplane.model import EMPTY, IPAddress, Options


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolWish:
    """An entry of IPAM.Config, as text that was not read yet: each may be ""."""

    subnet: str = ""
    ip_range: str = ""
    gateway: str = ""
    aux_addresses: Mapping[str, str] = field(default_factory=lambda: EMPTY)


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkWish:
    """`network create`. ``enable_ipv4`` and ``enable_ipv6`` None: not said."""

    name: str
    driver: str = ""
    scope: str = ""
    internal: bool = False
    attachable: bool = False
    ingress: bool = False
    enable_ipv4: bool | None = None
    enable_ipv6: bool | None = None
    config_only: bool = False
    config_from: str = ""
    pools: tuple[PoolWish, ...] = ()
    ipam_driver: str = ""
    ipam_options: Options = field(default_factory=lambda: EMPTY)
    options: Options = field(default_factory=lambda: EMPTY)
    labels: Options = field(default_factory=lambda: EMPTY)


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointWish:
    """`network connect`, and an entry of NetworkingConfig.EndpointsConfig. Addresses None: any free one; ``mac`` "": any."""

    ipv4: IPAddress | None = None
    ipv6: IPAddress | None = None
    link_local: tuple[IPAddress, ...] = ()
    mac: str = ""
    aliases: tuple[str, ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    gw_priority: int = 0
    driver_opts: Options = field(default_factory=lambda: EMPTY)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerWish:
    """`container create`: a record whose id, creation, network mode and attachments are still open.

    ``network_mode`` as written: "", default, bridge, host, none, container:NAME, or a network's name or id. ``networks``: by name
    or id as written. ``links``: (container name, alias). ``name`` "": one is invented."""

    record: ContainerRecord
    name: str = ""
    network_mode: str = ""
    networks: Mapping[str, EndpointWish] = field(default_factory=lambda: MappingProxyType({}))
    links: tuple[tuple[str, str], ...] = ()
