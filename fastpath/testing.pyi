from collections.abc import Iterable
from typing import final

from fastpath.graph import Graph, Node

TROUBLES: dict[str, int]
ANSWERS: tuple[str, ...]

class OneWay(Node):
    def __init__(self, graph: Graph, name: str) -> None: ...
    def lead_to(self, target: Node | None, target_input: int = 0) -> None: ...

@final
class Answerer(OneWay):
    def __init__(
        self,
        graph: Graph,
        name: str,
        answer: str,
        *,
        trouble: str = "lifetime",
        parameter: int = 0,
        sources: Iterable[bytes] | None = None,
        rate: int = 100,
        burst: int = 50,
    ) -> None: ...
    def named_counters(self) -> dict[str, int]: ...

@final
class Reassembler(OneWay):
    def __init__(
        self,
        graph: Graph,
        name: str,
        *,
        sources: Iterable[bytes] | None = None,
        mtu: int = 0,
        datagrams: int = 64,
        octets: int = 1048576,
        seed: int = 0,
    ) -> None: ...
    def named_counters(self) -> dict[str, int]: ...
    def forget(self, interface: int) -> None: ...
