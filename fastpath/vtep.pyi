from collections.abc import Iterable
from typing import Any, final

import numpy as np

from fastpath.graph import Graph, Node

@final
class Vtep(Node):
    def __init__(
        self,
        graph: Graph,
        name: str,
        *,
        mac: int,
        addresses: Iterable[str],
        mtu: int = 1500,
        port: int = 4789,
        neighbors: int = 4096,
        tunnels: int = 65534,
        arp: bool = True,
        icmp_rate: int = 100,
        strict: bool = False,
        any_hop: bool = False,
    ) -> None: ...
    def lead(self, target: Node | None, target_input: int = 0) -> None: ...
    def add_route(self, prefix: str, gateway: str) -> None: ...
    def remove_route(self, prefix: str) -> bool: ...
    def add_neighbor(self, address: str, mac: int) -> None: ...
    def remove_neighbor(self, address: str) -> bool: ...
    def neighbors(self, now: int) -> np.ndarray[Any, Any]: ...
    def add_overlay(
        self,
        name: str,
        bridge: Node,
        vni: int,
        *,
        local: str,
        ttl: int = 64,
        dscp: int = 0,
        checksum: bool | None = None,
        inner_vlan: str = "strip",
        learn: bool = True,
        unknown: bool = True,
        permitted_only: bool = False,
        group: str | None = None,
        flood_rate: int = 10000,
        mss: int = 0,
        too_big: bool = True,
        spare: int = 256,
        limit: int = 0,
    ) -> int: ...
    def set_overlay(
        self,
        number: int,
        *,
        ttl: int = 64,
        dscp: int = 0,
        checksum: bool | None = None,
        inner_vlan: str = "strip",
        learn: bool = True,
        unknown: bool = True,
        permitted_only: bool = False,
        group: str | None = None,
        flood_rate: int = 10000,
        mss: int = 0,
        too_big: bool = True,
        limit: int = 0,
    ) -> None: ...
    def remove_overlay(self, number: int) -> None: ...
    def add_peer(self, overlay: int, address: str, *, flood: bool = True) -> None: ...
    def remove_peer(self, overlay: int, address: str) -> None: ...
    def add_station(self, overlay: int, mac: int, peer: str, addresses: Iterable[str] = ()) -> None: ...
    def remove_station(self, overlay: int, mac: int) -> None: ...
    def overlays(self) -> np.ndarray[Any, Any]: ...
    def tunnels(self, now: int) -> np.ndarray[Any, Any]: ...
    def stations(self) -> np.ndarray[Any, Any]: ...
    def reports(self, now: int) -> np.ndarray[Any, Any]: ...
    def named_counters(self) -> dict[str, int]: ...
