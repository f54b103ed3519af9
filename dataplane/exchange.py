"""A Topology as JSON and back, so that the lab process needs neither YAML nor the user's environment to take one.

Read from the types of ``model``: whatever is added there travels too. What comes in is checked against them.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface, IPv6Network
from typing import Any, TypeVar, Union, get_args, get_origin

_ADDRESSES = (IPv4Address, IPv6Address, IPv4Interface, IPv6Interface, IPv4Network, IPv6Network)
_T = TypeVar("_T")


def to_json(value: object) -> Any:
    """A dataclass of ``model`` as objects that ``json`` can write."""
    if is_dataclass(value):
        return {field.name: to_json(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {key: to_json(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [to_json(item) for item in value]
    return str(value) if isinstance(value, _ADDRESSES) else value


def from_json(kind: type[_T], body: object) -> _T:
    """The dataclass ``kind`` from what ``to_json`` made. ValueError names the place where it is not one."""
    result: _T = _read(kind, body, kind.__name__)
    return result


@cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _read(kind: Any, body: Any, place: str) -> Any:
    origin = get_origin(kind)
    if origin in {Union, types.UnionType}:
        return _read_union(get_args(kind), body, place)
    if origin is tuple:
        return _read_tuple(get_args(kind), body, place)
    if origin is not None and issubclass(origin, Mapping):
        _key, item = get_args(kind)
        return {str(key): _read(item, value, f"{place}.{key}") for key, value in _checked(body, dict, place).items()}
    if is_dataclass(kind):
        hints = _hints(typing.cast(type, kind))
        unknown = _checked(body, dict, place).keys() - hints.keys()
        if unknown:
            raise ValueError(f"{place} has no {min(unknown)}")
        make: Any = kind
        return make(**{key: _read(hints[key], value, f"{place}.{key}") for key, value in body.items()})
    if kind in _ADDRESSES:
        try:
            return kind(_checked(body, str, place))
        except ValueError as error:
            raise ValueError(f"{place}: {error}") from None
    return _checked(body, kind, place)


def _checked(body: Any, kind: Any, place: str) -> Any:
    if not isinstance(body, kind) or (isinstance(body, bool) and kind is int):
        raise ValueError(f"{place} is not of type {kind.__name__}")
    return body


def _read_union(kinds: tuple[Any, ...], body: Any, place: str) -> Any:
    if body is None and type(None) in kinds:
        return None
    for kind in kinds:
        if kind is not type(None):
            try:
                return _read(kind, body, place)
            except (ValueError, TypeError):
                continue
    raise ValueError(f"{place} is none of {', '.join(kind.__name__ for kind in kinds)}")


def _read_tuple(kinds: tuple[Any, ...], body: Any, place: str) -> Any:
    items = _checked(body, list, place)
    if len(kinds) == 2 and kinds[1] is Ellipsis:
        return tuple(_read(kinds[0], item, f"{place}[{number}]") for number, item in enumerate(items))
    if len(items) != len(kinds):
        raise ValueError(f"{place} has {len(items)} items, not {len(kinds)}")
    return tuple(_read(kind, item, f"{place}[{number}]") for number, (kind, item) in enumerate(zip(kinds, items, strict=True)))
