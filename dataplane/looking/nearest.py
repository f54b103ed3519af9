"""Names that a person may have meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(text: str, known: Iterable[str]) -> str:
    """``did you mean web? ``; "" where nothing is like it."""
    near = get_close_matches(text[:128], list(known), 1)
    return f"did you mean {near[0]}? " if near else ""
