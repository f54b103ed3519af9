"""``--filter NAME=VALUE``, as the API takes it."""

from __future__ import annotations

from collections.abc import Iterable

from dataplane.cli.verb import Words


def _one(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign:
        raise ValueError("bad format of filter (expected name=value)")
    return name.strip().lower(), value.strip()


FILTER = Words("filter", _one)


def as_query(pairs: Iterable[tuple[str, str]]) -> dict[str, dict[str, bool]] | None:
    """The ``filters`` of a request; None where there are none."""
    found: dict[str, dict[str, bool]] = {}
    for name, value in pairs:
        found.setdefault(name, {})[value] = True
    return found or None
