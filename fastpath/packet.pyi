from collections.abc import Iterable
from typing import final

from fastpath.device import DevicePort
from fastpath.graph import Graph

@final
class PacketPort(DevicePort):
    @property
    def interface(self) -> int: ...
    @property
    def macs(self) -> list[int]: ...
    @property
    def lost(self) -> int: ...
    def __init__(
        self,
        graph: Graph,
        name: str,
        fd: int,
        *,
        mtu: int = 1500,
        macs: Iterable[int] = (),
        promiscuous: bool = False,
        offloads: bool = True,
        merge: bool = True,
        finish: bool = False,
    ) -> None: ...
    def set_macs(self, macs: Iterable[int], *, shared: int = 0, addresses: Iterable[str] = ()) -> None: ...
