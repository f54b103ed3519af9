from collections.abc import Iterable
from typing import final

from fastpath.device import DevicePort
from fastpath.graph import Graph

OFFLOADS: dict[str, int]

@final
class TapPort(DevicePort):
    @property
    def offloads(self) -> tuple[str, ...]: ...
    def __init__(
        self,
        graph: Graph,
        name: str,
        fd: int,
        *,
        mtu: int = 1500,
        offloads: bool | Iterable[str] = True,
        merge: bool = True,
    ) -> None: ...
