"""The tree of a Compose file: values that remember where they were written.

A *Node* is a value with its Place. An *At* is a Node together with its key path, which is what every reader of the tree passes
around: it answers "what stands here" and makes the error when that is wrong.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from math import isfinite

from dataplane.errors import UserError

Scalar = None | bool | int | float | str
Value = Scalar | tuple["Node", ...] | Mapping[str, "Node"]

MAX_DEPTH = 64
"""Levels of nesting. The Compose schema itself needs 8."""
LONGEST_MESSAGE = 400
MAX_NODES = 200_000
"""Values in one file, with every alias counted each time it is used: ten lines of aliases can expand to billions."""


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a file. ``folder`` is what relative paths written there start from. Line 0: no line is known (a dict)."""

    file: str
    line: int
    folder: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


@dataclass(frozen=True, slots=True)
class Node:
    """A value and where it stands: for a mapping's entry the line of its key. ``tag``: "" | reset | override."""

    value: Value
    place: Place
    tag: str = ""


KINDS = {bool: "true or false", int: "a number", float: "a number", str: "a text", tuple: "a list", type(None): "nothing"}


def kind(node: Node) -> str:
    """The kind of value in plain words: ``a text``, ``a list``…"""
    return KINDS.get(type(node.value), "a mapping")


def wrong(node: Node, path: str, what: str, mend: str = "") -> UserError:
    """The error of a value: ``file:line: path: what``."""
    where = f"{node.place}: {clipped(path)}" if path else str(node.place)
    return UserError(clipped(what), where=where, mend=clipped(mend))


def clipped(text: str) -> str:
    """``text``, or as much of it as a person will read: keys and values of a broken file can be of any length."""
    return text if len(text) <= LONGEST_MESSAGE else f"{text[:LONGEST_MESSAGE]}…"


@dataclass(frozen=True, slots=True)
class At:
    """A Node and its key path, ``services.web.command``."""

    node: Node
    path: str = ""

    def wrong(self, what: str, mend: str = "") -> UserError:
        """The error to raise about the value standing here."""
        return wrong(self.node, self.path, what, mend)

    def _not(self, wanted: str) -> UserError:
        return self.wrong(f"{kind(self.node)} stands where {wanted} belongs")

    @property
    def value(self) -> Value:
        """The bare value."""
        return self.node.value

    def get(self, key: str) -> At | None:
        """What stands under ``key``; None when the key is absent, or its value is null."""
        entries = self.node.value
        if entries is None:
            return None
        if not isinstance(entries, Mapping):
            raise self._not("a mapping")
        child = entries.get(key)
        return None if child is None or child.value is None else At(child, f"{self.path}.{key}" if self.path else key)

    def items(self) -> Iterator[tuple[str, At]]:
        """Every entry of a mapping, null ones included."""
        entries = self.node.value
        if entries is None:
            return
        if not isinstance(entries, Mapping):
            raise self._not("a mapping")
        for key, child in entries.items():
            yield key, At(child, f"{self.path}.{key}" if self.path else key)

    def elements(self) -> Iterator[At]:
        """Every element of a list. A single value is a list of one, as Compose's ``string_or_list`` wants it."""
        match self.node.value:
            case None:
                return
            case tuple() as nodes:
                for index, node in enumerate(nodes):
                    yield At(node, f"{self.path}[{index}]")
            case Mapping():
                raise self._not("a list")
            case _:
                yield self

    def text(self) -> str:
        """A text, or a number as Compose writes it."""
        match self.node.value:
            case None | tuple() | Mapping():
                raise self._not("a text")
            case scalar:
                return as_text(scalar)

    def integer(self) -> int:
        """A whole number, also when written as text (``"${COUNT}"``)."""
        match self.node.value:
            case bool():
                raise self._not("a whole number")
            case int() as number:
                return number
            case float() as number if number.is_integer():
                return int(number)
            case str() as text if is_decimal(text):
                return int(text)
            case str() | float() as other:
                raise self.wrong(f'"{other}" is not a whole number', "write digits: 2")
            case _:
                raise self._not("a whole number")

    def boolean(self) -> bool:
        """True or false, also when written as text (``"${FLAG}"``)."""
        match self.node.value:
            case bool() as flag:
                return flag
            case str() as text if text.lower() in BOOLEANS:
                return BOOLEANS[text.lower()]
            case str() as text:
                raise self.wrong(f'"{text}" is neither true nor false', "write true or false")
            case _:
                raise self._not("true or false")


BOOLEANS = {"true": True, "y": True, "yes": True, "on": True, "false": False, "n": False, "no": False, "off": False}


UNFIT = "the text holds a character that no program can be given (NUL, or half of a surrogate pair)"


def unfit(text: str) -> bool:
    """Whether ``text`` cannot be an argument of a program."""
    return "\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text)


def is_decimal(text: str) -> bool:
    """Whether ``text`` is a whole number that `int` reads at once: ASCII digits, a sign, not thousands of them."""
    digits = text.removeprefix("-")
    return digits.isascii() and digits.isdigit() and len(digits) <= 18


def as_text(value: Scalar) -> str:
    """A scalar as Compose prints it: ``true``, ``1``, ``1.5``, ``1e+06`` (Go's shortest form of a float)."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case float():
            return _go_float(value)
        case _:
            return str(value)


def _go_float(value: float) -> str:
    if not isfinite(value):
        return {"nan": "NaN", "inf": "+Inf", "-inf": "-Inf"}[str(value)]
    shortest = Decimal(repr(value)).normalize()
    if -4 <= shortest.adjusted() < 6:
        return f"{shortest:f}"
    return f"{value:.{len(shortest.as_tuple().digits) - 1}e}"
