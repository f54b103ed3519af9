from typing import final

from fastpath.graph import Node
from fastpath.members import Members

@final
class Vlan(Members):
    def add_network(self, target: Node, *, identifier: int, target_input: int = 0) -> int: ...
    def remove_network(self, number: int) -> None: ...
