"""The network that a person means."""

from __future__ import annotations

from collections.abc import Iterable

from dataplane.errors import UserError
from dataplane.looking.nearest import nearest


def unknown(who: str, text: str, known: Iterable[str]) -> UserError:
    """``who`` has no network so called; ``known``: those that it has."""
    names = list(known)
    mend = f"{nearest(text, names)}its networks: {', '.join(names) or 'none'}"
    return UserError(f"{who} has no network {text[:128]}", mend=mend, status=1)
