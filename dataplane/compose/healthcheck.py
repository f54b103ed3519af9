"""``healthcheck`` -> `model.Healthcheck`."""

from __future__ import annotations

from dataplane.compose.durations import duration
from dataplane.compose.nodes import At
from dataplane.compose.values import flag
from dataplane.model import Healthcheck

DEFAULT = Healthcheck(test=())


def healthcheck(at: At | None) -> Healthcheck | None:
    """The check, its ``test`` beginning with ``CMD`` or ``CMD-SHELL``. None when there is none, or it is switched off."""
    if at is None:
        return None
    test = _test(at.get("test"))
    if not test or flag(at, "disable"):
        return None
    retries = at.get("retries")
    count = retries.integer() if retries else 0
    if retries and count < 0:
        raise retries.wrong(f"{count} is negative", "write how many failures in a row make the service unhealthy: 3")
    return Healthcheck(
        test=test,
        interval_ns=_time(at, "interval", DEFAULT.interval_ns),
        timeout_ns=_time(at, "timeout", DEFAULT.timeout_ns),
        retries=count or DEFAULT.retries,
        start_period_ns=_time(at, "start_period", DEFAULT.start_period_ns),
        start_interval_ns=_time(at, "start_interval", DEFAULT.start_interval_ns),
    )


def _time(at: At, key: str, default: int) -> int:
    """Nanoseconds; 0 means the default, and less than 1 ms is refused, both as dockerd does."""
    entry = at.get(key)
    value = duration(entry) if entry else 0
    if entry and 0 < value < 1_000_000:
        raise entry.wrong(f'"{entry.text()}" is less than a millisecond', 'write at least "1ms"')
    return value or default


def _test(at: At | None) -> tuple[str, ...]:
    """The test in list form; empty when there is none."""
    if at is None:
        return ()
    if not isinstance(at.value, tuple):
        return ("CMD-SHELL", at.text()) if at.text() else ()
    words = tuple(element.text() for element in at.elements())
    if not words or words == ("NONE",):
        return ()
    if words[0] not in ("CMD", "CMD-SHELL"):
        raise at.wrong(f'the test begins with "{words[0]}"', 'begin it with "CMD", "CMD-SHELL" or "NONE", or write it as one text')
    if len(words) == 1 or (words[0] == "CMD-SHELL" and len(words) > 2):
        raise at.wrong(
            f"{words[0]} takes {'a program' if words[0] == 'CMD' else 'one text'}",
            'write ["CMD", program, argument…] or ["CMD-SHELL", "command line"]',
        )
    return words
