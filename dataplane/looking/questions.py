"""Reading requests: what they may say, checked, with a UserError for the rest."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from dataplane.errors import UserError

TRUE, FALSE = frozenset({"1", "true", "True"}), frozenset({"0", "false", "False", ""})


def flag(request: web.Request, name: str) -> bool:
    """A query parameter that is on or off; absent is off."""
    text = request.query.get(name, "")
    if text not in TRUE | FALSE:
        raise UserError(f"{name}={text} is neither 1 nor 0", where=request.path)
    return text in TRUE


def number(request: web.Request, name: str, default: float, *, low: float, high: float) -> float:
    """A number within bounds."""
    text = request.query.get(name)
    if text is None:
        return default
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not low <= value <= high:
        raise UserError(f"{name}={text} is not a number from {low:g} to {high:g}", where=request.path)
    return value


def integer(request: web.Request, name: str, default: int, *, low: int, high: int) -> int:
    """A whole number within bounds."""
    text = request.query.get(name)
    if text is None:
        return default
    if not text.isascii() or not text.removeprefix("-").isdecimal() or len(text) > 20 or not low <= int(text) <= high:
        raise UserError(f"{name}={text[:64]} is not a whole number from {low} to {high}", where=request.path)
    return int(text)


def choice(request: web.Request, name: str, options: tuple[str, ...]) -> str:
    """One of ``options``; absent is the first."""
    text = request.query.get(name, options[0])
    if text not in options:
        raise UserError(f"{name}={text} is none of {', '.join(options)}", where=request.path)
    return text


async def body(request: web.Request, shape: Mapping[str, type | tuple[type, ...]]) -> dict[str, Any]:
    """A JSON object whose every key is in ``shape``, of its type; what is absent is absent."""
    try:
        value = json.loads(await request.read() or b"{}")
    except (ValueError, RecursionError):
        raise UserError("the body is not JSON", where=request.path) from None
    if not isinstance(value, dict):
        raise UserError("the body is not a JSON object", where=request.path)
    for key, item in value.items():
        if key not in shape:
            raise UserError(f"unknown key {key}", where=request.path, mend=f"the keys are {', '.join(shape)}")
        if not isinstance(item, shape[key]):
            raise UserError(f"{key} is not of the right type", where=request.path)
    return value


def words(value: Any, name: str, where: str) -> list[str]:
    """A list of texts without zero octets: what a command is made of."""
    if not isinstance(value, list) or not all(isinstance(word, str) and "\0" not in word for word in value):
        raise UserError(f"{name} is not a list of texts", where=where)
    return value
