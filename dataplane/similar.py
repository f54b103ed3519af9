"""Words that a person may have meant, also where there are thousands: comparing letter by letter costs 40 µs a word."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from difflib import get_close_matches
from itertools import islice

LONGEST = 128
"""Letters of what was written that are looked at."""
FEW = 8
"""Words next to it, of each kind, that are compared where there are many."""


def similar(text: str, known: Iterable[str], most: int = 1) -> list[str]:
    """The most similar first; none where nothing is like it."""
    text, words = text[:LONGEST], list(known)
    return get_close_matches(text, words if len(words) <= 5 * FEW else _likely(text, words), most)


def _likely(text: str, words: list[str]) -> list[str]:
    """Those that begin most like it, those that end so, which are what is left of one wrong letter; and that are a part of it,
    or it of them."""
    part = islice((word for word in words if text in word or word in text), FEW)
    ends = (word[::-1] for word in _around(text[::-1], [word[::-1] for word in words]))
    return list(dict.fromkeys((*_around(text, words), *ends, *part)))


def _around(text: str, words: list[str]) -> list[str]:
    """Its neighbors in the order of letters: nobody has a longer beginning in common with it."""
    ordered = sorted(words)
    place = bisect_left(ordered, text)
    return ordered[max(0, place - FEW) : place + FEW]
