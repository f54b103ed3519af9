"""What a template consists of once it is parsed. Frozen; ``column`` counts octets from 0, as Go's errors do."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Text:
    """Printed as it is."""

    text: str


@dataclass(frozen=True, slots=True)
class Dot:
    """``.``"""


@dataclass(frozen=True, slots=True)
class Constant:
    """A string, a number, true, false or nil."""

    value: str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Field:
    """``.A.B`` of dot."""

    names: tuple[str, ...]
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Variable:
    """``$x.A.B``"""

    name: str
    names: tuple[str, ...]
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Chain:
    """``(pipeline).A.B``"""

    of: Pipe
    names: tuple[str, ...]
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Call:
    """The name of a function."""

    name: str
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Pipe:
    """Commands, each of which gets what the one before made as its last argument. ``names``: variables to be set."""

    commands: tuple[tuple[Operand, ...], ...]
    names: tuple[str, ...] = ()
    declares: bool = True


@dataclass(frozen=True, slots=True)
class Action:
    """``{{pipeline}}``"""

    pipe: Pipe


@dataclass(frozen=True, slots=True)
class Block:
    """``{{if}}``, ``{{with}}`` or ``{{range}}``, with what follows ``{{else}}``."""

    word: str
    pipe: Pipe
    body: tuple[Node, ...]
    otherwise: tuple[Node, ...]


Operand = Dot | Constant | Field | Variable | Chain | Call | Pipe
Node = Text | Action | Block
