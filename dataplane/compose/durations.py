"""Durations: ``1h5m30s20ms`` (Compose Specification, 11-extension; days and weeks as Docker Compose reads them)."""

from __future__ import annotations

from dataplane import spans
from dataplane.compose.nodes import At

DAY = 24 * 3600 * spans.SECOND
UNITS = spans.UNITS | {"d": DAY, "w": 7 * DAY}


def duration(at: At) -> int:
    """Nanoseconds. UserError for anything but a positive duration or zero, up to 292 years."""
    text = at.text()
    try:
        return spans.duration(text, UNITS)
    except ValueError:
        raise at.wrong(f'"{text}" is not a duration', 'write a number and a unit: "500ms", "30s", "1m30s", "2h"') from None
