"""``ulimits`` of a service: a number, or a soft and a hard one -> `mounts.Ulimit`s."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches

from dataplane.compose.nodes import At
from dataplane.mounts import Ulimit
from dataplane.ulimits import LIMITS

MOST = 2**63 - 1


def ulimits(at: At | None) -> tuple[Ulimit, ...]:
    """Every entry, in order."""
    return tuple(_ulimit(name, entry) for name, entry in at.items()) if at else ()


def _ulimit(name: str, at: At) -> Ulimit:
    if name not in LIMITS:
        near = get_close_matches(name[:100], LIMITS, 1)
        raise at.wrong(f"invalid ulimit type: {name}", f'did you mean "{near[0]}"?' if near else f"one of {', '.join(LIMITS)}")
    if not isinstance(at.value, Mapping):
        number = _number(at, at)
        return Ulimit(name=name, soft=number, hard=number)
    soft, hard = (_number(at, at.get(key)) for key in ("soft", "hard"))
    if hard != -1 and (soft == -1 or soft > hard):
        raise at.wrong(f"ulimit soft limit must be less than or equal to hard limit: {soft} > {hard}", "raise hard, or lower soft")
    return Ulimit(name=name, soft=soft, hard=hard)


def _number(around: At, at: At | None) -> int:
    if at is None:
        raise around.wrong("a limit has a soft and a hard number", "write {soft: 1024, hard: 4096}, or one number for both")
    number = at.integer()
    if not -1 <= number <= MOST:
        raise at.wrong(f"{number} is no limit", "write a number, or -1 for no limit")
    return number
