"""A Topology as JSON and back, so that the lab process needs neither YAML nor the user's environment to take one.

Read from the types of ``model``: whatever is added there travels too. What comes in is checked against them.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface, IPv6Network
from typing import Any, TypeVar, Union, cast, get_args, get_origin

_ADDRESSES = (IPv4Address, IPv6Address, IPv4Interface, IPv6Interface, IPv4Network, IPv6Network)
_PLAIN = (str, int, float, type(None))
_T = TypeVar("_T")
_Reader = Callable[[Any], Any]


def to_json(value: object) -> Any:
    """A dataclass of ``model`` as objects that ``json`` can write."""
    if isinstance(value, _PLAIN):
        return value
    names = _names(cast("Any", type(value)))
    if names is not None:
        return {name: to_json(getattr(value, name)) for name in names}
    if isinstance(value, Mapping):
        return {key: to_json(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [to_json(item) for item in value]
    return str(value) if isinstance(value, _ADDRESSES) else value


@cache
def _names(kind: type) -> tuple[str, ...] | None:
    """Of a dataclass's fields; None: it is none."""
    return tuple(field.name for field in fields(kind)) if is_dataclass(kind) else None


def from_json(kind: type[_T], body: object) -> _T:
    """The dataclass ``kind`` from what ``to_json`` made. ValueError names the place where it is not one."""
    try:
        result: _T = _reader(cast("Any", kind))(body)
    except _WrongError as wrong:
        raise ValueError(f"{kind.__name__}{wrong.place} {wrong.words}") from None
    return result


class _WrongError(ValueError):
    """``words``: what is wrong; ``place``: where within what is read, known once it has been passed through."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words, self.place = words, ""

    def inside(self, place: str) -> _WrongError:
        """The same, as seen from around."""
        self.place = place + self.place
        return self


@cache
def _reader(kind: Any) -> _Reader:
    """Made once for each type: a daemon that begins reads thousands of records."""
    origin = get_origin(kind)
    if origin in {Union, types.UnionType}:
        return _union_reader(get_args(kind))
    if origin is tuple:
        return _tuple_reader(get_args(kind))
    if origin is not None and issubclass(origin, Mapping):
        return _mapping_reader(get_args(kind)[1])
    if is_dataclass(kind):
        return _dataclass_reader(kind)
    return _address_reader(kind) if kind in _ADDRESSES else _plain_reader(kind)


def _dataclass_reader(kind: Any) -> _Reader:
    readers: dict[str, _Reader] = {}

    def read(body: Any) -> Any:
        if not readers:  # not before: a type may have fields of its own type
            readers.update({key: _reader(hint) for key, hint in typing.get_type_hints(kind).items()})
        values, key = {}, ""
        try:
            for key, value in _checked(body, dict).items():
                if key not in readers:
                    break
                values[key] = readers[key](value)
            else:
                return kind(**values)
        except _WrongError as wrong:
            raise wrong.inside(f".{key}") from None
        raise _WrongError(f"has no {key}")

    return read


def _mapping_reader(item: Any) -> _Reader:
    read_item = _reader(item)

    def read(body: Any) -> Any:
        values, key = {}, ""
        for key, value in _checked(body, dict).items():
            try:
                values[str(key)] = read_item(value)
            except _WrongError as wrong:
                raise wrong.inside(f".{key}") from None
        return values

    return read


def _address_reader(kind: Any) -> _Reader:
    def read(body: Any) -> Any:
        try:
            return kind(_checked(body, str))
        except _WrongError:
            raise
        except ValueError as error:
            raise _WrongError(f"is none: {error}") from None

    return read


def _plain_reader(kind: Any) -> _Reader:
    return lambda body: body if type(body) is kind else _checked(body, kind)


def _checked(body: Any, kind: Any) -> Any:
    if not isinstance(body, kind) or (isinstance(body, bool) and kind is int):
        raise _WrongError(f"is not of type {kind.__name__}")
    return body


def _union_reader(kinds: tuple[Any, ...]) -> _Reader:
    names = ", ".join(kind.__name__ for kind in kinds)
    nothing = type(None) in kinds
    readers = [_reader(kind) for kind in kinds if kind is not type(None)]

    def read(body: Any) -> Any:
        if body is None and nothing:
            return None
        for one in readers:
            try:
                return one(body)
            except (ValueError, TypeError):
                continue
        raise _WrongError(f"is none of {names}")

    return read


def _tuple_reader(kinds: tuple[Any, ...]) -> _Reader:
    endless = len(kinds) == 2 and kinds[1] is Ellipsis
    readers = [_reader(kind) for kind in kinds if kind is not Ellipsis]

    def read(body: Any) -> Any:
        items = _checked(body, list)
        if not endless and len(items) != len(readers):
            raise _WrongError(f"has {len(items)} items, not {len(readers)}")
        values: list[Any] = []
        try:
            for one, item in zip(readers * len(items) if endless else readers, items, strict=True):
                values.append(one(item))
        except _WrongError as wrong:
            raise wrong.inside(f"[{len(values)}]") from None
        return tuple(values)

    return read
