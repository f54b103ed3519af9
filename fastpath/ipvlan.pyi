from collections.abc import Iterable, Sequence
from typing import final

from fastpath.graph import Graph, Node
from fastpath.members import Members

@final
class Ipvlan(Members):
    @property
    def mac(self) -> int: ...
    def __init__(
        self, graph: Graph, name: str, *, mac: int, mode: str = "l2", flag: str = "bridge", limit: int = 16384
    ) -> None: ...
    def set_host(
        self,
        addresses: Sequence[str] = (),
        gateways: Iterable[str] = (),
        neighbors: Iterable[tuple[str, int]] = (),
        *,
        arp: bool = True,
    ) -> None: ...
    def add_member(self, target: Node, *, addresses: Iterable[str] = (), target_input: int = 0) -> int: ...
    def set_member(self, number: int, *, addresses: Iterable[str] = ()) -> None: ...
    def remove_member(self, number: int) -> None: ...
