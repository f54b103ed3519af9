from collections.abc import Iterable
from typing import final

from typing_extensions import Buffer

from fastpath.graph import Graph
from fastpath.port import Port

@final
class Outbox:
    def __init__(self, limit: int = 268435456) -> None: ...
    def take(self) -> list[tuple[int, int, bytes]]: ...

@final
class MemoryPort(Port):
    def __init__(self, graph: Graph, name: str, *, outbox: Outbox | None = None, mtu: int = 1500) -> None: ...
    def push(self, octets: Buffer) -> None: ...
    def cycle(self, frames: Iterable[Buffer]) -> None: ...
