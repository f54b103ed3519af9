"""Points in time as Docker's users write and read them."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from dataplane.cli.verb import Failure
from dataplane.spans import duration


def asked(text: str) -> str:
    """``--since`` and ``--until`` for the API: seconds since 1970; ``42m`` is so long ago. ValueError for what is no time."""
    if text.replace(".", "", 1).isdecimal():
        return text
    try:
        return _seconds(time.time_ns() - duration(text))
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        raise ValueError(f'parsing time "{text}": cannot parse') from None
    return _seconds(int(moment.astimezone().timestamp() * 10**6) * 1000)


def bounds(since: str | None, until: str | None) -> dict[str, str]:
    """Those that are given, for a request. Failure for what is no time."""
    found = {}
    for key, text in (("since", since), ("until", until)):
        if text:
            try:
                found[key] = asked(text)
            except ValueError as error:
                raise Failure(f'invalid value for "{key}": {error}') from None
    return found


def as_go(seconds: float) -> str:
    """``2026-11-26 09:30:00 +0000 UTC``: Go's Time.String of a whole second, in this machine's zone."""
    moment = datetime.fromtimestamp(seconds, UTC).astimezone()
    return moment.strftime("%Y-%m-%d %H:%M:%S %z %Z")


def nanoseconds(ns: int) -> str:
    """``2026-11-26T09:30:00.123456789Z``, with ``+01:00`` for the Z where this machine's zone is not UTC."""
    moment = datetime.fromtimestamp(ns // 10**9, UTC).astimezone()
    zone = moment.strftime("%z")
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{ns % 10**9:09}{'Z' if zone == '+0000' else f'{zone[:3]}:{zone[3:]}'}"


def _seconds(ns: int) -> str:
    return f"{ns // 10**9}.{ns % 10**9:09}"
