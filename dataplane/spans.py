"""Spans of time as Docker's users write them, and as its columns have them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal

SECOND = 1_000_000_000
UNITS = {"ns": 1, "us": 1_000, "µs": 1_000, "μs": 1_000, "ms": 1_000_000, "s": SECOND, "m": 60 * SECOND, "h": 3600 * SECOND}
LONGEST = 2**63 - 1
_PART = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)([^0-9.]*)")


def duration(text: str, units: Mapping[str, int] = UNITS) -> int:
    """``1m30s`` in ns, as Go's time.ParseDuration reads it, without a sign; at most 292 years. ValueError in Go's words."""
    if text == "0":
        return 0
    parts = _PART.findall(text)
    if not text or len(text) > 100 or "".join(map("".join, parts)) != text:
        raise ValueError(f'time: invalid duration "{text}"')
    total = Decimal(0)
    for number, unit in parts:
        if not unit:
            raise ValueError(f'time: missing unit in duration "{text}"')
        if unit not in units:
            raise ValueError(f'time: unknown unit "{unit}" in duration "{text}"')
        total += Decimal(number) * units[unit]
    if total > LONGEST:
        raise ValueError(f'time: invalid duration "{text}"')
    return int(total)


def ago(seconds: float) -> str:
    """``About a minute``, ``3 weeks``: how Docker rounds a duration (go-units)."""
    whole = int(seconds)
    minutes, hours = whole // 60, int(seconds / 3600 + 0.5)
    steps = (
        (whole < 1, "Less than a second"),
        (whole == 1, "1 second"),
        (whole < 60, f"{whole} seconds"),
        (minutes == 1, "About a minute"),
        (minutes < 60, f"{minutes} minutes"),
        (hours == 1, "About an hour"),
        (hours < 48, f"{hours} hours"),
        (hours < 24 * 14, f"{hours // 24} days"),
        (hours < 24 * 60, f"{hours // 24 // 7} weeks"),
        (hours < 24 * 730, f"{hours // 24 // 30} months"),
    )
    return next((text for fits, text in steps if fits), f"{hours // 24 // 365} years")
