"""The functions that templates know: Go's own and Docker's. Each raises ValueError in Go's words."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dataplane.gotemplate import printing

LAZY = {"and", "or"}
"""Their arguments are evaluated one by one, until the answer is known."""


def truth(value: Any) -> bool:
    """What `if` goes by: neither false, 0, nil nor empty."""
    return bool(value)


def _basic(value: Any) -> str:
    """The kind by which values may be compared."""
    for kind, name in ((bool, "bool"), (int, "int"), (float, "float"), (str, "string"), (type(None), "nil")):
        if isinstance(value, kind):
            return name
    raise ValueError("invalid type for comparison")


def _same(left: Any, right: Any) -> bool:
    if left is None or right is None:
        return left is right
    if _basic(left) != _basic(right):
        raise ValueError("incompatible types for comparison")
    return bool(left == right)


def _eq(first: Any, *others: Any) -> bool:
    if not others:
        raise ValueError("missing argument for comparison")
    return any(_same(first, other) for other in others)


def _lt(left: Any, right: Any) -> bool:
    if _basic(left) != _basic(right):
        raise ValueError("incompatible types for comparison")
    if _basic(left) in {"bool", "nil"}:
        raise ValueError("invalid type for comparison")
    return bool(left < right)


def _length(value: Any) -> int:
    if isinstance(value, str):
        return len(value.encode())
    if isinstance(value, Mapping | Sequence):
        return len(value)
    raise ValueError("len of nil pointer" if value is None else f"len of type {printing.type_name(value)}")


def _index(value: Any, *keys: Any) -> Any:
    for key in keys:
        if isinstance(value, Mapping):
            value = value.get(key)
        elif isinstance(value, Sequence):
            if not isinstance(key, int) or isinstance(key, bool):
                raise ValueError(f"cannot index slice/array with type {printing.type_name(key)}")
            if not 0 <= key < len(value):
                raise ValueError(f"index out of range: {key}")
            value = ord(value[key]) if isinstance(value, str) else value[key]
        else:
            raise ValueError("index of untyped nil" if value is None else f"can't index item of type {printing.type_name(value)}")
    return value


def _slice(value: Any, *bounds: int) -> Any:
    begin, end = (*bounds, *(0, len(value))[len(bounds) :])[:2]
    if not 0 <= begin <= end <= len(value):
        raise ValueError(f"index out of range: {end if end > len(value) else begin}")
    return value[begin:end]


def _json(value: Any) -> str:
    return json.dumps(_ordered(value), ensure_ascii=False, separators=(",", ":"))


def _ordered(value: Any) -> Any:
    """As Go writes it: a Row by key and without its functions; a map by key; a struct, whose fields begin with capitals, as is."""
    if isinstance(value, Mapping):
        struct = isinstance(value, dict) and all(key[:1].isupper() for key in value)
        return {key: _ordered(value[key]) for key in (value if struct else sorted(value)) if not callable(value[key])}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_ordered(one) for one in value]
    return value


def _truncate(text: str, length: int) -> str:
    return text[:length]


def _pad(text: str, before: int, after: int) -> str:
    return f"{' ' * before}{text}{' ' * after}" if text else text


def _title(text: str) -> str:
    return "".join(one.upper() if number == 0 or not text[number - 1].isalnum() else one for number, one in enumerate(text))


OURS: Mapping[str, Callable[..., Any]] = {
    "json": _json,
    "split": lambda text, by: text.split(by),
    "join": lambda texts, by: by.join(texts),
    "title": _title,
    "lower": str.lower,
    "upper": str.upper,
    "pad": _pad,
    "truncate": _truncate,
}
"""Docker's own (docker/cli, templates)."""
GOS: Mapping[str, Callable[..., Any]] = {
    "eq": _eq,
    "ne": lambda left, right: not _same(left, right),
    "lt": _lt,
    "le": lambda left, right: not _lt(right, left),
    "gt": lambda left, right: _lt(right, left),
    "ge": lambda left, right: not _lt(left, right),
    "not": lambda value: not truth(value),
    "len": _length,
    "index": _index,
    "slice": _slice,
    "print": lambda *values: printing.joined(values),
    "println": lambda *values: printing.line(values),
    "printf": lambda layout, *values: printing.formatted(layout, values),
}
"""Go's own (text/template)."""
HEADINGS: Mapping[str, Callable[..., Any]] = {name: lambda value, *_more: value for name in OURS}
"""Docker's own where a table's heading is made: it stays as is."""
NAMES = {*OURS, *GOS, *LAZY}
