from collections.abc import Iterable, Mapping

import numpy as np

from fastpath.flowrows import FLOWS_DTYPE as ROWS
from fastpath.timeouts import LIST_TIMEOUTS as LIST_TIMEOUTS

FLOWS_DTYPE = ROWS
MAPPINGS: tuple[str, ...]
FILTERINGS: tuple[str, ...]

class Flows:
    def __new__(
        cls,
        capacity: int = 65536,
        *,
        seed: int = 0,
        mapping: str = "endpoint-independent",
        filtering: str = "address-and-port-dependent",
        strict: bool = False,
        timeouts: Mapping[str, float] | str | None = None,
    ) -> Flows: ...
    def set_timeouts(self, timeouts: Mapping[str, float] | str | None) -> None: ...
    def add_pool(self, addresses: Iterable[object], *, paired: bool = True) -> int: ...
    def remove_pool(self, number: int) -> None: ...
    def rows(
        self,
        now: int,
        *,
        limit: int | None = None,
        protocol: int | str | None = None,
        source: object = None,
        target: object = None,
        source_port: int | None = None,
        target_port: int | None = None,
        state: str | None = None,
    ) -> np.ndarray: ...
    def matching(
        self,
        now: int,
        *,
        protocol: int | str | None = None,
        source: object = None,
        target: object = None,
        source_port: int | None = None,
        target_port: int | None = None,
        state: str | None = None,
    ) -> int: ...
    def delete(
        self,
        *,
        protocol: int | str | None = None,
        source: object = None,
        target: object = None,
        source_port: int | None = None,
        target_port: int | None = None,
        state: str | None = None,
    ) -> int: ...
    def translations(
        self,
        now: int,
        *,
        limit: int,
        kind: str | None = None,
        protocol: int | str | None = None,
        inside: object = None,
        outside: object = None,
    ) -> tuple[np.ndarray, int]: ...
    @property
    def count(self) -> int: ...
    @property
    def capacity(self) -> int: ...
    @property
    def octets(self) -> int: ...
    def named_counters(self) -> dict[str, int]: ...
