"""Durations: ``1h5m30s20ms`` (Compose Specification, 11-extension; days and weeks as Docker Compose reads them)."""

from __future__ import annotations

import re
from decimal import Decimal

from dataplane.compose.nodes import At

UNITS = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
    "d": 86_400_000_000_000,
    "w": 604_800_000_000_000,
}
PART = re.compile(r"([0-9]{1,18}(?:\.[0-9]{0,18})?|\.[0-9]{1,18})(ns|us|µs|ms|s|m|h|d|w)", re.ASCII)
WHOLE = re.compile(rf"(?:{PART.pattern})+")
LONGEST = 2**63 - 1


def duration(at: At) -> int:
    """Nanoseconds. UserError for anything but a positive duration or zero, up to 292 years."""
    text = at.text()
    total = 0 if text == "0" else -1
    if len(text) <= 100 and WHOLE.fullmatch(text):
        total = int(sum(Decimal(number) * UNITS[unit] for number, unit in PART.findall(text)))
    if not 0 <= total <= LONGEST:
        raise at.wrong(f'"{text}" is not a duration', 'write a number and a unit: "500ms", "30s", "1m30s", "2h"')
    return total
