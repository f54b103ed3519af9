"""Names that a person may have meant."""

from __future__ import annotations

from collections.abc import Iterable

from dataplane.similar import similar


def nearest(text: str, known: Iterable[str]) -> str:
    """``did you mean web? ``; "" where nothing is like it."""
    near = similar(text, known)
    return f"did you mean {near[0]}? " if near else ""
