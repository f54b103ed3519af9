"""Sizes as Docker's users write them. The words of errors are go-units'."""

from __future__ import annotations

import re
from decimal import Decimal

UNITS = {"": 1, "k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40, "p": 2**50}


def size(text: str) -> int:
    """``10m`` in octets."""
    found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?) ?([kmgtp]?)(?:i?b)?", text.lower())
    if found is None:
        letters = re.fullmatch(r"[0-9.]*[0-9] ?([a-z]+)", text.lower())
        raise ValueError(f"invalid suffix: '{letters[1]}'" if letters else f"invalid size: '{text}'")
    return int(Decimal(found[1]) * UNITS[found[2]])
