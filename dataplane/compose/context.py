"""What the readers of services share."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from dataplane.compose.findings import Findings
from dataplane.model import Network


@dataclass(frozen=True, slots=True)
class Context:
    """``lookup``: the environment of ``up``. ``containers``: container name -> the service that has it."""

    lookup: Callable[[str], str | None]
    findings: Findings
    networks: Mapping[str, Network]
    services: Collection[str]
    containers: Mapping[str, str]
    run_commands: bool = False
