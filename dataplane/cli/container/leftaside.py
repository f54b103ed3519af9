"""Flags of `run` and `create` about files, limits and capabilities: asked as docker's client asks, left aside by the daemon with a
warning (docs/cli.md). The words of errors are Docker's (28.2)."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from dataplane.cli.verb import INTEGER, Words

SIZES = {"": 1, "k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40, "p": 2**50}
FILES, LIMITS, CAPABILITIES = (
    f"Left aside: {why}." for why in ("files are the host's", "there are none here", "they are the daemon's own")
)


def _size(text: str) -> int:
    """``10m`` in octets."""
    found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?) ?([kmgtp]?)(?:i?b)?", text.lower())
    if found is None:
        letters = re.fullmatch(r"[0-9.]*[0-9] ?([a-z]+)", text.lower())
        raise ValueError(f"invalid suffix: '{letters[1]}'" if letters else f"invalid size: '{text}'")
    return int(Decimal(found[1]) * SIZES[found[2]])


def _cpus(text: str) -> int:
    """``1.5`` in 10⁻⁹ of a processor."""
    if not re.fullmatch(r"[0-9]+(\.[0-9]+)?|\.[0-9]+", text):
        raise ValueError(f"failed to parse {text} as a rational number")
    nano = Decimal(text) * 10**9
    if nano != int(nano):
        raise ValueError("value is too precise")
    return int(nano)


def _capability(text: str) -> str:
    """``net_admin`` by its whole name."""
    name = text.strip().upper()
    return name if name == "ALL" or name.startswith("CAP_") else f"CAP_{name}"


LIST, CAPABILITY = Words("list", str), Words("list", _capability)
MANY: dict[str, tuple[tuple[str, ...], Words, str]] = {
    "cap_add": (("--cap-add",), CAPABILITY, CAPABILITIES),
    "cap_drop": (("--cap-drop",), CAPABILITY, CAPABILITIES),
    "tmpfs": (("--tmpfs",), LIST, FILES),
    "volume": (("-v", "--volume"), LIST, FILES),
}
ONE: dict[str, tuple[tuple[str, ...], Words, str]] = {
    "cpus": (("--cpus",), Words("decimal", _cpus), LIMITS),
    "memory": (("-m", "--memory"), Words("bytes", _size), LIMITS),
    "pids_limit": (("--pids-limit",), INTEGER, LIMITS),
}
SWITCHES = {
    "privileged": (("--privileged",), "Here nothing more than without."),
    "read_only": (("--read-only",), FILES),
}


def host_config(given: Mapping[str, Any]) -> dict[str, Any]:
    """What of HostConfig they ask for: nothing where none of them was given."""
    asked = {
        "Binds": [bind(text) for text in given["volume"] if ":" in text],
        "Tmpfs": {path: options for path, _, options in (text.partition(":") for text in given["tmpfs"])},
        "Memory": given["memory"],
        "NanoCpus": given["cpus"],
        "PidsLimit": given["pids_limit"],
        "CapAdd": sorted(set(given["cap_add"])),
        "CapDrop": sorted(set(given["cap_drop"])),
        "Privileged": given["privileged"],
        "ReadonlyRootfs": given["read_only"],
    }
    return {key: value for key, value in asked.items() if value}


def volumes(given: Mapping[str, Any]) -> dict[str, Any]:
    """``-v /path`` alone: a volume without a name."""
    found: dict[str, Any] = {text: {} for text in given["volume"] if ":" not in text}
    return {"Volumes": found} if found else {}


def bind(text: str) -> str:
    """A source that begins with a dot is a path from here."""
    source, _, rest = text.partition(":")
    return f"{os.path.abspath(source)}:{rest}" if source.startswith(".") else text  # noqa: PTH100 it need not exist
