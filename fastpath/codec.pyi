from fastpath.graph import Graph, Node

class Encapsulator(Node):
    @property
    def n_tunnels(self) -> int: ...
    def __init__(self, graph: Graph, name: str) -> None: ...
    def add_tunnel(
        self,
        vni: int,
        *,
        local: str,
        remote: str,
        local_mac: int,
        remote_mac: int,
        port: int = 4789,
        source_port: int = -1,
        ttl: int = 64,
        dscp: int = 0,
        checksum: bool | None = None,
        strip_vlan: bool = False,
    ) -> int: ...
    def lead_to(self, target: Node | None, target_input: int = 0) -> None: ...

class Decapsulator(Node):
    def __init__(
        self,
        graph: Graph,
        name: str,
        *,
        port: int = 4789,
        strict: bool = False,
        strip_vlan: bool = False,
        note: bool = False,
    ) -> None: ...
    def lead_network(self, vni: int, target: Node | None, target_input: int = 0) -> None: ...
    def lead_all(self, target: Node | None, target_input: int = 0) -> None: ...
    def lead_rest(self, target: Node | None, target_input: int = 0) -> None: ...
    def vnis(self) -> list[int]: ...
