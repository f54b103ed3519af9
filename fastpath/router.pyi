from collections.abc import Iterable
from typing import Any, final

import numpy as np

from fastpath.flows import Flows
from fastpath.graph import Graph, Node
from fastpath.rules import Rules

@final
class Router(Node):
    @property
    def names(self) -> list[str | None]: ...
    @property
    def icmp_rate(self) -> int: ...
    @property
    def mss(self) -> int | str: ...
    @property
    def flows(self) -> Flows | None: ...
    @property
    def rules(self) -> Rules | None: ...
    def __init__(
        self,
        graph: Graph,
        name: str,
        *,
        flows: Flows | None = None,
        rules: Rules | None = None,
        neighbors: int = 4096,
        routes: int = 131072,
        icmp_rate: int = 100,
        mss: int | str = 0,
    ) -> None: ...
    def add_interface(
        self,
        name: str,
        *,
        mac: int,
        mtu: int = 1500,
        addresses: Iterable[str] = (),
        reverse_path: bool = True,
        arp: bool = True,
        proxy_arp: bool = False,
        table: int = 0,
    ) -> int: ...
    def set_router(self, *, icmp_rate: int | None = None, mss: int | str | None = None) -> None: ...
    def lead(self, number: int, target: Node | None, target_input: int = 0) -> None: ...
    def set_interface(
        self,
        number: int,
        *,
        mtu: int | None = None,
        addresses: Iterable[str] | None = None,
        reverse_path: bool | None = None,
        table: int | None = None,
    ) -> None: ...
    def remove_interface(self, number: int) -> None: ...
    def add_route(self, prefix: str, *, interface: int, gateway: str | None = None, table: int = 0) -> None: ...
    def remove_route(self, prefix: str, *, table: int = 0) -> bool: ...
    def routes(self, *, table: int = 0) -> np.ndarray[Any, Any]: ...
    def routing_tables(self) -> tuple[int, ...]: ...
    def add_neighbor(self, number: int, address: str, mac: int) -> None: ...
    def remove_neighbor(self, number: int, address: str) -> bool: ...
    def neighbors(self, now: int) -> np.ndarray[Any, Any]: ...
    def named_counters(self) -> dict[str, int]: ...
