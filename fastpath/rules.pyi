from collections.abc import Iterable

import numpy as np

from fastpath.flows import Flows
from fastpath.rulerows import RULES_DTYPE as ROWS

RULES_DTYPE = ROWS
CLIENTS: tuple[str, ...]
MODES: tuple[str, ...]
PROTOCOLS: dict[str, int]

class Rules:
    flows: Flows
    def __new__(cls, flows: Flows) -> Rules: ...
    def set_interface(
        self,
        number: int,
        *,
        kind: str = "network",
        name: str = "",
        internal: bool = False,
        icc: bool = True,
        ipv4: str = "nat",
        ipv6: str = "routed",
        masquerade4: int = 0,
        masquerade6: int = 0,
        trusted: str | Iterable[object] = (),
        host: str | Iterable[object] = (),
        realm: int = 0,
    ) -> None: ...
    def remove_interface(self, number: int) -> None: ...
    def publish(
        self,
        protocol: str | int,
        first_port: int,
        last_port: int,
        *,
        target: object,
        target_port: int,
        address: object = None,
        name: str = "",
        pool: int = 0,
        clients: str = "all",
        realm: int = 0,
        resumes: bool = False,
    ) -> int: ...
    def unpublish(self, number: int) -> None: ...
    def set_local(self, addresses: str | Iterable[object], *, realm: int = 0) -> None: ...
    def name_realm(self, realm: int, name: str) -> None: ...
    def add_static(self, outside: object, inside: object) -> None: ...
    def remove_static(self, outside: object) -> None: ...
    def exclude(self, prefix: object) -> None: ...
    def unexclude(self, prefix: object) -> None: ...
    def rows(self) -> np.ndarray: ...
