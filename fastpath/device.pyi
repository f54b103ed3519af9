import enum

from fastpath.graph import Graph
from fastpath.port import Port

class Link(enum.IntEnum):
    LINK_UP = 0
    LINK_DOWN = 1
    LINK_GONE = 2

class DevicePort(Port):
    @property
    def fd(self) -> int: ...
    def __init__(self, graph: Graph, name: str, fd: int, *, mtu: int = 1500) -> None: ...
    def close(self) -> None: ...
    @property
    def link(self) -> str: ...
