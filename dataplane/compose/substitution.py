"""``$VAR`` and ``${VAR}`` in texts, by Compose's rules.

``${V}`` ``${V:-default}`` ``${V-default}`` ``${V:?message}`` ``${V?message}`` ``${V:+other}`` ``${V+other}``, with ``:`` an empty
value counts as unset; the word after the operator is itself substituted. ``$$`` is one dollar sign. A ``$`` before anything else
stays as it is. (Compose Specification, 12-interpolation.)
"""

from __future__ import annotations

import re
from collections.abc import Callable

START = re.compile(r"\$(?:(?P<escaped>\$)|(?P<named>[_a-zA-Z][_a-zA-Z0-9]*)|(?P<brace>\{))", re.ASCII)
NAME = re.compile(r"[_a-zA-Z][_a-zA-Z0-9]*", re.ASCII)
OPERATOR = re.compile(r":?[-?+]")
MAX_NESTING = 16
MAX_LENGTH = 4 << 20
"""Characters that one Substitution writes in all: ``B=$A$A``, ``C=$B$B``… would grow without end."""


class SubstitutionError(Exception):
    """Why a text cannot be substituted: ``what`` and how to ``mend`` it. The caller knows where."""

    def __init__(self, what: str, mend: str) -> None:
        self.what = what
        self.mend = mend
        super().__init__(what)


class Substitution:
    """Writes texts with the values that ``lookup`` knows. The names it did not know are kept in ``unset``."""

    def __init__(self, lookup: Callable[[str], str | None]) -> None:
        self.lookup = lookup
        self.unset: dict[str, None] = {}
        self.written = 0

    def __call__(self, text: str) -> str:
        """``text`` with every variable replaced. SubstitutionError when it is malformed, or a required variable is missing."""
        return self._expand(text, 0)

    def _expand(self, text: str, nesting: int) -> str:
        if "$" not in text:
            return text
        if nesting > MAX_NESTING:
            raise SubstitutionError(f"variables are nested more than {MAX_NESTING} deep", "write the value out")
        parts: list[str] = []
        position = 0
        while match := START.search(text, position):
            parts.append(text[position : match.start()])
            position = match.end()
            if match["escaped"]:
                parts.append("$")
            elif match["named"]:
                parts.append(self._value(match["named"]))
            else:
                end = closing_brace(text, position)
                parts.append(self._braced(text[position:end], nesting))
                position = end + 1
            self._count(parts[-1])
        parts.append(text[position:])
        return "".join(parts)

    def _count(self, part: str) -> None:
        self.written += len(part)
        if self.written > MAX_LENGTH:
            raise SubstitutionError(f"variables expand to more than {MAX_LENGTH:,} characters", "use shorter values")

    def _value(self, name: str) -> str:
        value = self.lookup(name)
        if value is None:
            self.unset.setdefault(name)
        return value or ""

    def _braced(self, inside: str, nesting: int) -> str:
        name = NAME.match(inside)
        if name is None:
            raise SubstitutionError(f'"${{{inside}}}" names no variable', "write ${NAME}, or $$ for a dollar sign")
        if name.end() == len(inside):
            return self._value(name[0])
        operator = OPERATOR.match(inside, name.end())
        if operator is None:
            raise SubstitutionError(
                f'"${{{inside}}}" is not a form that Compose knows',
                f"write ${{{name[0]}:-default}}, ${{{name[0]}:?message}} or ${{{name[0]}:+other}}",
            )
        value = self.lookup(name[0])
        present = value is not None and (value != "" or operator[0][0] != ":")
        word = inside[operator.end() :]
        match operator[0][-1]:
            case "-":
                return value or "" if present else self._expand(word, nesting + 1)
            case "+":
                return self._expand(word, nesting + 1) if present else ""
            case _:
                if present:
                    return value or ""
                message = self._expand(word, nesting + 1)
                reason = f": {message}" if message else ""
                raise SubstitutionError(
                    f'the variable "{name[0]}" must be set{reason}', f"set {name[0]} in the environment or in .env"
                )


def closing_brace(text: str, position: int) -> int:
    """Where the brace that was opened just before ``position`` closes. Braces inside come in pairs, as in ``${V:-{"a": 1}}``."""
    depth = 1
    for index in range(position, len(text)):
        if text[index] == "}":
            depth -= 1
            if depth == 0:
                return index
        elif text[index] == "{":
            depth += 1
    raise SubstitutionError(f'"${{{text[position:]}" has no closing brace', "write ${NAME}, or $$ for a dollar sign")
