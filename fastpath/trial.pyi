from collections.abc import Callable, Container, Sequence

from typing_extensions import Buffer

from fastpath.flows import Flows
from fastpath.rules import Rules

class Trial:
    flows: Flows
    def __new__(cls, flows: Flows) -> Trial: ...
    def handle(
        self,
        octets: Buffer,
        now: int,
        *,
        pool: int = 0,
        target: object = None,
        target_port: int | None = None,
        source: object = None,
        midstream: bool = True,
        mapping: bool = False,
        opens: bool = True,
        own: int = 0,
        flags: int = 0,
        csum_start: int = 0,
        find_only: bool = False,
        rules: Rules | None = None,
        ingress: int = 0,
        ours: Container[str] = (),
        route: Callable[[str], int] | None = None,
    ) -> tuple[str, bytes]: ...
    def expire(self, now: int) -> int: ...

class Load:
    flows: Flows
    count: int
    def __new__(cls, flows: Flows, frames: Sequence[Buffer]) -> Load: ...
    def run(
        self, packets: int, now: int, step: int, *, pool: int = 0, track: bool = True, prefetch: bool = True
    ) -> tuple[int, int, int]: ...
