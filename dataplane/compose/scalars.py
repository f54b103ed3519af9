"""What a plain YAML scalar means, as Compose reads it: YAML 1.2's core schema (10.3.2), and YAML 1.1's whole numbers.

So ``on``, ``no`` and ``22:22`` are texts, while ``0022`` is eighteen and ``1_000`` a thousand. Dates stay texts.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from dataplane.compose.nodes import Scalar

NULLS = frozenset({"", "~", "null", "Null", "NULL"})
TRUE = frozenset({"true", "True", "TRUE"})
FALSE = frozenset({"false", "False", "FALSE"})
WHOLE = (
    (re.compile(r"[-+]?(?:0|[1-9][0-9]*)", re.ASCII), 10),
    (re.compile(r"[-+]?0[xX][0-9a-fA-F]+", re.ASCII), 16),
    (re.compile(r"[-+]?0[oO]?[0-7]+", re.ASCII), 8),
    (re.compile(r"[-+]?0[bB][01]+", re.ASCII), 2),
)
FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", re.ASCII)
INFINITE = re.compile(r"([-+]?)\.(inf|Inf|INF)", re.ASCII)
NOT_A_NUMBER = frozenset({".nan", ".NaN", ".NAN"})
MAX_DIGITS = 19
"""Longer numbers stay texts: no key of Compose wants them, and an int of a million digits takes minutes to read."""


def plain(text: str) -> Scalar:
    """The value of an unquoted scalar."""
    if text in NULLS:
        return None
    if text in TRUE or text in FALSE:
        return text in TRUE
    return number(text) if text[0] in "-+.0123456789" else text


def number(text: str) -> int | float | str:
    """The number that ``text`` writes; the text itself when it writes none."""
    if len(text) <= MAX_DIGITS:
        digits = text.replace("_", "")
        for pattern, base in WHOLE:
            if pattern.fullmatch(digits):
                return int(digits, base)
        if FLOAT.fullmatch(digits):
            return float(digits)
    if match := INFINITE.fullmatch(text):
        return float(f"{match[1]}inf")
    return float("nan") if text in NOT_A_NUMBER else text


TAGS: dict[str, Callable[[str], Scalar]] = {
    "tag:yaml.org,2002:str": str,
    "tag:yaml.org,2002:null": plain,
    "tag:yaml.org,2002:bool": plain,
    "tag:yaml.org,2002:int": plain,
    "tag:yaml.org,2002:float": plain,
}
"""The tags that may be written on a scalar (``!!str 5``)."""
