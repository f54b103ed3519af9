"""What becomes of a key: used, ignored with a word, or refused. The tables of keys are in ``keys_*.py``."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import Enum

from dataplane.compose.findings import Findings
from dataplane.compose.nodes import At, Node
from dataplane.compose.shapes import Anything, ListOf, MapOf, OneOf, Plain, Shape, mismatch
from dataplane.compose.sizes import size

OURS = "x-dataplane"


class Use(Enum):
    """``USED``; ``IGNORED``: changes no packet, named once in a warning; ``LATER``: refused until a version that can honour it;
    ``ELSEWHERE``: refused, for it belongs to something else."""

    USED = "used"
    IGNORED = "warned"
    LATER = "error"
    ELSEWHERE = "not here"


@dataclass(frozen=True, slots=True)
class Key:
    """A key of a table. ``note`` completes the sentence of the reference; of a refused key it is the mend."""

    shape: Shape
    use: Use
    note: str


@dataclass(frozen=True, slots=True)
class Table:
    """A mapping whose keys we know. ``x-`` keys are the user's own, but ``x-dataplane``, which is ours, is in ``keys``."""

    name: str
    keys: Mapping[str, Key]
    required: tuple[str, ...] = ()
    extensible: bool = True

    @property
    def phrase(self) -> str:
        """Every table reads as a mapping."""
        return "a mapping"

    def takes(self, node: Node) -> bool:
        """Any mapping."""
        return isinstance(node.value, Mapping)

    def check(self, at: At, findings: Findings, owner: str) -> None:
        """Every key is known and has its shape; what is ignored is noted, what is refused raises UserError."""
        if not self.takes(at.node):
            raise mismatch(at, self)
        for name, entry in at.items():
            known = self.keys.get(name)
            if known is None:
                if not (self.extensible and name.startswith("x-")) or name == OURS:
                    raise unknown(entry, name, self.keys, self.extensible)
                continue
            if entry.value is None and not known.shape.takes(entry.node):
                continue  # a null value is an absent key
            known.shape.check(entry, findings, owner)
            if known.use is Use.LATER and entry.value not in ((), {}, False):
                raise entry.wrong(f'"{name}" is from a later version', known.note)
            if known.use is Use.ELSEWHERE:
                raise entry.wrong(f'"{name}" means nothing here', known.note)
            if known.use is Use.IGNORED:
                findings.ignore(f"{self.name}.{name}" if self.name else name, owner)
        for name in self.required:
            if at.get(name) is None:
                raise at.wrong(f'"{name}" is missing', f"write {name}: under it")


def unknown(at: At, name: str, known: Collection[str], extensible: bool) -> Exception:
    """The error of a key nobody knows, with the nearest one that is known."""
    near = get_close_matches(name[:100], known, 1)
    if name == OURS:
        return at.wrong(f"{OURS} means nothing here", "write it at the top of the file, on a network or on a service")
    otherwise = "remove it, or begin it with x-" if extensible else f"known here: {', '.join(known)}"
    return at.wrong(f'the key "{name}" is unknown', f'did you mean "{near[0]}"?' if near else otherwise)


def used(shape: Shape, note: str) -> Key:
    """A key that does what Compose says."""
    return Key(shape, Use.USED, note)


def ignored(shape: Shape, note: str) -> Key:
    """A key that changes no packet."""
    return Key(shape, Use.IGNORED, note)


def later(shape: Shape, note: str) -> Key:
    """A key that would change where packets go, refused while we cannot honour it."""
    return Key(shape, Use.LATER, note)


def elsewhere(note: str) -> Key:
    """A key of ours that is looked for here, and belongs to something else."""
    return Key(ANYTHING, Use.ELSEWHERE, note)


ANYTHING = Anything()
TEXT = Plain("a text", (str,))
NULL = Plain("nothing", (type(None),))
NUMBER = Plain("a number", (int, float, str))
WHOLE = Plain("a whole number", (int, float, str), At.integer)
FLAG = Plain("true or false", (bool, str), At.boolean)
SIZE = Plain("a number of bytes", (int, float, str), size)
SCALAR = Plain("a text or a number", (str, int, float))
ANY_SCALAR = Plain("a text, a number or true or false", (str, int, float, bool))
TEXTS = ListOf(TEXT)
TEXT_OR_TEXTS = OneOf((TEXT, TEXTS))
OPTIONS = MapOf(SCALAR)
PAIRS = OneOf((MapOf(OneOf((ANY_SCALAR, NULL))), TEXTS))
COMMAND = OneOf((TEXT, TEXTS, NULL))


def choice(*words: str) -> Plain:
    """One of a few words."""

    def read(at: At) -> str:
        word = at.text()
        if word not in words:
            near = get_close_matches(word[:100], words, 1)
            raise at.wrong(f'"{word}" is none of {", ".join(words)}', f'did you mean "{near[0]}"?' if near else f"write {words[0]}")
        return word

    return Plain(" | ".join(words), (str,), read)
