"""Container networking outside the kernel.

``Lab`` runs the wiring of a Compose file on in-memory ports: no root, no TAP, no clock. Everything else is reached through the
``dataplane`` command; ``docs/architecture.md`` is the map of the modules.
"""

from __future__ import annotations

# As typing has it, without importing typing: `dataplane --help` starts within three times an empty interpreter.
TYPE_CHECKING = False

if TYPE_CHECKING:
    from dataplane.lab import Lab

__all__ = ["Lab"]
__version__ = "0.2.0"


def __getattr__(name: str) -> object:
    # Lazy, so that `dataplane --help` does not pay for NumPy and the compiled engine.
    if name == "Lab":
        from dataplane.lab import Lab

        return Lab
    raise AttributeError(f"module 'dataplane' has no attribute {name!r}")
