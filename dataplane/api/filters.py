"""Filters of lists: `filters={"name": ["x"]}`, or the older `{"name": {"x": true}}`."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from pydantic_core import from_json

from dataplane.desired.refused import Refused

MOST = 1000


class Filters:
    """Values by name. Values of one name are alternatives, labels excepted: all of them have to be there."""

    def __init__(self, values: Mapping[str, tuple[str, ...]]) -> None:
        self._values = values

    def __contains__(self, name: str) -> bool:
        return bool(self._values.get(name))

    def get(self, name: str) -> tuple[str, ...]:
        """What was asked for, () for nothing."""
        return self._values.get(name, ())

    def only(self, known: Collection[str]) -> Filters:
        """Itself; Refused when there is another name than the ``known`` ones."""
        for name in self._values:
            if name not in known:
                raise Refused(400, f"invalid filter '{name[:64]}'")
        return self

    def exact(self, name: str, value: str) -> bool:
        """Nothing is asked for, or one of it is the value."""
        return name not in self or value in self.get(name)

    def begins(self, name: str, value: str) -> bool:
        """… or the value begins with one of it."""
        return name not in self or any(value.startswith(one) for one in self.get(name))

    def matches(self, name: str, *values: str) -> bool:
        """… or one of it is found in a value, as a regular expression where it is one, else as it is written."""
        return name not in self or any(_found(pattern, value) for pattern in self.get(name) for value in values)

    def contains(self, name: str, value: str) -> bool:
        """… or one of it is a part of the value."""
        return name not in self or any(one in value for one in self.get(name))

    def labels(self, labels: Mapping[str, str]) -> bool:
        """All of `label` are there (`key` or `key=value`), and none of `label!`."""
        return all(_labelled(one, labels) for one in self.get("label")) and not any(
            _labelled(one, labels) for one in self.get("label!")
        )

    def boolean(self, name: str) -> bool | None:
        """None: nothing is asked for."""
        values = self.get(name)
        if not values:
            return None
        if len(values) > 1 or values[0].lower() not in {"1", "0", "t", "f", "true", "false"}:
            raise Refused(400, f"invalid filter '{name}=[{' '.join(values)[:64]}]'")
        return values[0].lower() in {"1", "t", "true"}


def parsed(text: str) -> Filters:
    """Of the query's text; "" is none."""
    if not text:
        return Filters({})
    try:
        body = from_json(text, allow_inf_nan=False)
    except ValueError:
        raise Refused(400, "invalid filter: it is not JSON") from None
    if body is None:
        return Filters({})
    if not isinstance(body, dict) or len(body) > MOST:
        raise Refused(400, "invalid filter: it is no object of lists")
    return Filters({name: _values(name, value) for name, value in body.items()})


def _values(name: str, value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    if isinstance(value, dict) and all(isinstance(chosen, bool) for chosen in value.values()):
        value = [one for one, chosen in value.items() if chosen]
    if not isinstance(value, list) or len(value) > MOST or not all(isinstance(one, str) for one in value):
        raise Refused(400, f"invalid filter '{name[:64]}'")
    return tuple(value)


def _labelled(wanted: str, labels: Mapping[str, str]) -> bool:
    key, equals, value = wanted.partition("=")
    return key in labels and (not equals or labels[key] == value)


# What Python's expressions do without an end in sight is not evaluated for others: no repetition of groups.
_SLOW = re.compile(r"\)[*+{?]|\\\d|\(\?")


def _found(pattern: str, value: str) -> bool:
    if len(pattern) > 256 or _SLOW.search(pattern):
        return pattern in value
    try:
        return re.search(pattern, value) is not None
    except re.error:
        return pattern in value
