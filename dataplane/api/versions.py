"""Versions of the API, and which one a path asks for."""

from __future__ import annotations

import re

from dataplane.desired.refused import Refused

Version = tuple[int, int]
LEAST: Version = (1, 24)
NEWEST: Version = (1, 51)
_PREFIX = re.compile(r"/v([0-9.]{1,16})(/.*)", re.DOTALL)


def written(version: Version) -> str:
    """As Docker writes it."""
    return f"{version[0]}.{version[1]}"


def split(path: str) -> tuple[Version, str]:
    """The version that a path begins with, the newest where it has none, and the rest of the path."""
    found = _PREFIX.fullmatch(path)
    if found is None:
        return NEWEST, path
    text = found[1]
    numbers = text.split(".")
    if len(numbers) != 2 or not all(numbers):
        raise Refused(400, f"invalid API version: the API version ({text}) is not in the format major.minor")
    version = int(numbers[0]), int(numbers[1])
    if version < LEAST:
        raise Refused(
            400,
            f"client version {text} is too old. Minimum supported API version is {written(LEAST)}, "
            "please upgrade your client to a newer version",
        )
    if version > NEWEST:
        raise Refused(400, f"client version {text} is too new. Maximum supported API version is {written(NEWEST)}")
    return version, found[2]
