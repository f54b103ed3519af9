"""Wirings become running graphs. Nothing else in `dataplane` imports `fastpath`.

`Dataplane` carries actions out and translates numbers back to names; what its ports are is up to a `Ports`: `MemoryPorts` here,
captures and TAPs beside it.
"""

from __future__ import annotations

from dataplane.apply.dataplane import Dataplane
from dataplane.apply.memory import MemoryPorts
from dataplane.apply.ports import Ports

__all__ = ["Dataplane", "MemoryPorts", "Ports"]
