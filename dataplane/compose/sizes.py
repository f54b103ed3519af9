"""Byte values: ``512``, ``64k``, ``1.5g`` (Compose Specification, 11-extension; binary multiples, as Docker counts)."""

from __future__ import annotations

import re
from decimal import Decimal

from dataplane.compose.nodes import At

SIZE = re.compile(r"([0-9]{1,18}(?:\.[0-9]{1,18})?) ?([kmgtp]?)i?b?", re.ASCII | re.IGNORECASE)
POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4, "p": 5}


def size(at: At) -> int:
    """Octets. -1 stands for "without limit" where a key knows it."""
    text = at.text()
    if text == "-1":
        return -1
    match = SIZE.fullmatch(text)
    if match is None:
        raise at.wrong(f'"{text}" is not a number of bytes', 'write a number and a unit: "64k", "512m", "2g"')
    return int(Decimal(match[1]) * 1024 ** POWERS[match[2].lower()])


def memory(at: At) -> int:
    """Octets of something that is made: no fewer than none, and no more than a number of the kernel's holds."""
    octets = size(at)
    if not 0 <= octets < 2**63:
        raise at.wrong(f'"{at.text()}" is not a size of memory', 'write a number and a unit: "64m"')
    return octets
