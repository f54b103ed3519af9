from typing import Any, final

import numpy as np

from fastpath.graph import Graph, Node

@final
class Bridge(Node):
    @property
    def names(self) -> list[str | None]: ...
    @property
    def member_limit(self) -> int: ...
    def __init__(
        self, graph: Graph, name: str, *, ageing: int = 300000000000, limit: int = 65536, member_limit: int = 0
    ) -> None: ...
    def add_member(
        self,
        target: Node,
        *,
        target_input: int = 0,
        limit: int = 0,
        hairpin: bool = False,
        isolated: bool = False,
        flood: bool = True,
        learn: bool = True,
        tunnel: bool = False,
    ) -> int: ...
    def set_member(
        self,
        number: int,
        *,
        limit: int = 0,
        hairpin: bool = False,
        isolated: bool = False,
        flood: bool = True,
        learn: bool = True,
        tunnel: bool = False,
    ) -> None: ...
    def remove_member(self, number: int) -> None: ...
    def set_ageing(self, ageing: int) -> None: ...
    def add_static(self, mac: int, number: int) -> None: ...
    def forget(self, mac: int) -> bool: ...
    def flush(self, number: int) -> None: ...
    def stations(self, now: int) -> np.ndarray[Any, Any]: ...
    def moving(self, now: int) -> np.ndarray[Any, Any]: ...
    def named_counters(self) -> dict[str, int]: ...
    @property
    def table_octets(self) -> int: ...
