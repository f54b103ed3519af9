"""Times as Docker writes and reads them. All are ns since 1970; 0 is "never"."""

from __future__ import annotations

import contextlib
import re
from datetime import UTC, datetime

from dataplane.desired.refused import Refused
from dataplane.spans import SECOND, duration

NEVER = "0001-01-01T00:00:00Z"
_UNIX = re.compile(r"(-?\d{1,12})(?:\.(\d{1,9}))?")


def rfc3339(time: int) -> str:
    """Go's RFC3339Nano, in UTC: a fraction without trailing zeros."""
    if not time:
        return NEVER
    fraction = f".{time % SECOND:09}".rstrip("0").rstrip(".")
    return f"{datetime.fromtimestamp(time // SECOND, UTC):%Y-%m-%dT%H:%M:%S}{fraction}Z"


def stamp(time: int) -> str:
    """As `logs --timestamps` has it: nine digits always."""
    return f"{datetime.fromtimestamp(time // SECOND, UTC):%Y-%m-%dT%H:%M:%S}.{time % SECOND:09}Z"


def moment(text: str, now: int) -> int:
    """A time of a request: seconds since 1970 with a fraction, RFC 3339, or a duration before ``now``. "" and 0 are 0."""
    if not text:
        return 0
    if found := _UNIX.fullmatch(text):
        whole, fraction = int(found[1]), int((found[2] or "0").ljust(9, "0"))
        return max(0, whole * SECOND + fraction)
    with contextlib.suppress(ValueError):
        return max(0, now - duration(text))
    try:
        day = datetime.fromisoformat(text)
    except ValueError:
        raise Refused(400, f'failed to parse value as time or duration: "{text[:64]}"') from None
    if day.tzinfo is None:
        day = day.replace(tzinfo=UTC)
    return max(0, int(day.timestamp()) * SECOND + day.microsecond * 1000)
