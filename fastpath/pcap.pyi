from fastpath.graph import Graph
from fastpath.port import Port
from fastpath.writer import PcapWriter

class PcapPort(Port):
    def __init__(
        self,
        graph: Graph,
        name: str,
        *,
        writer: PcapWriter | None = None,
        mtu: int = 1500,
        complete_checksums: bool = False,
        segment: bool = False,
        times_of: PcapPort | None = None,
    ) -> None: ...
