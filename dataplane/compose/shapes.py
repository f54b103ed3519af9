"""The shapes that values of a Compose file may have, and the check of a value against one.

A shape says by kind alone whether it ``takes`` a value, and then ``check``s it with everything below it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from dataplane.compose.findings import Findings
from dataplane.compose.nodes import At, Node, as_text, kind


class Shape(Protocol):
    """``phrase``: the shape in words, for messages and the reference."""

    @property
    def phrase(self) -> str:
        """The shape in words."""
        ...

    def takes(self, node: Node) -> bool:
        """Whether a value of this kind may stand here."""
        ...

    def check(self, at: At, findings: Findings, owner: str) -> None:
        """UserError unless ``at`` has this shape all the way down; ``owner`` is the service or network it belongs to."""
        ...


@dataclass(frozen=True, slots=True)
class Plain:
    """A scalar of the given Python types. ``read`` refuses what the type alone lets through."""

    phrase: str
    types: tuple[type, ...]
    read: Callable[[At], object] | None = None
    mend: str = ""

    def takes(self, node: Node) -> bool:
        """By type; a truth value is no number."""
        return isinstance(node.value, self.types) and (bool in self.types or not isinstance(node.value, bool))

    def check(self, at: At, findings: Findings, owner: str) -> None:  # noqa: ARG002 - nothing below a scalar to note
        """The value's type, then whether ``read`` can read it."""
        if not self.takes(at.node):
            raise mismatch(at, self)
        if self.read is not None:
            self.read(at)


@dataclass(frozen=True, slots=True)
class OneOf:
    """The first alternative that takes the value's kind decides."""

    shapes: tuple[Shape, ...]

    @property
    def phrase(self) -> str:
        """Every alternative but nothing, which is what an absent key is."""
        phrases = list(dict.fromkeys(shape.phrase for shape in self.shapes))
        return " or ".join(phrase for phrase in phrases if phrase != "nothing")

    def takes(self, node: Node) -> bool:
        """Whether any alternative does."""
        return any(shape.takes(node) for shape in self.shapes)

    def check(self, at: At, findings: Findings, owner: str) -> None:
        """By the alternative that takes it."""
        for shape in self.shapes:
            if shape.takes(at.node):
                shape.check(at, findings, owner)
                return
        raise mismatch(at, self)


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list whose elements all have one shape."""

    item: Shape

    @property
    def phrase(self) -> str:
        """``a list`` with what it holds."""
        return (
            f"a list of ({self.item.phrase})" if " or " in self.item.phrase else f"a list of {self.item.phrase.removeprefix('a ')}s"
        )

    def takes(self, node: Node) -> bool:
        """Any list."""
        return isinstance(node.value, tuple)

    def check(self, at: At, findings: Findings, owner: str) -> None:
        """Every element."""
        if not self.takes(at.node):
            raise mismatch(at, self)
        for element in at.elements():
            self.item.check(element, findings, owner)


@dataclass(frozen=True, slots=True)
class MapOf:
    """A mapping with the user's own keys. ``name``: the pattern they match, in words in ``rule``."""

    value: Shape
    phrase: str = "a mapping"
    name: re.Pattern[str] | None = None
    rule: str = ""
    owns: bool = False

    def takes(self, node: Node) -> bool:
        """Any mapping."""
        return isinstance(node.value, Mapping)

    def check(self, at: At, findings: Findings, owner: str) -> None:
        """Every key against ``name`` and every value. With ``owns`` the keys are the owners of what stands below them."""
        if not self.takes(at.node):
            raise mismatch(at, self)
        for key, entry in at.items():
            if self.name is not None and not self.name.fullmatch(key):
                raise entry.wrong(f'"{key}" cannot be a name here', self.rule)
            self.value.check(entry, findings, key if self.owns else owner)


@dataclass(frozen=True, slots=True)
class Anything:
    """Any value: below a key that is refused as a whole."""

    phrase: str = "anything"

    def takes(self, node: Node) -> bool:  # noqa: ARG002 - whatever it is
        """Always."""
        return True

    def check(self, at: At, findings: Findings, owner: str) -> None:
        """Nothing to check."""


def mismatch(at: At, shape: Shape) -> Exception:
    """The error of a value of the wrong kind."""
    what = f"{kind(at.node)} stands where {shape.phrase} belongs"
    if isinstance(shape, Plain) and shape.mend:
        return at.wrong(what, shape.mend)
    if isinstance(at.value, bool | int | float) and "text" in shape.phrase:
        return at.wrong(what, f'put it in quotes: "{as_text(at.value)}"')
    if at.value is None:
        return at.wrong(what, "write it after the colon, or indented under it")
    return at.wrong(what, f"write {shape.phrase}: {next(example for word, example in EXAMPLES if word in shape.phrase)}")


EXAMPLES = (
    ("true", "true"),
    ("mapping", "{KEY: VALUE}"),
    ("list", "[ONE, TWO]"),
    ("number", "1"),
    ("", "one word, or words in quotes"),
)
