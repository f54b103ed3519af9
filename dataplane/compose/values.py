"""Small values of several keys: options, labels, variables, where something is mounted."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from dataplane.compose.merge import pairs as as_mapping
from dataplane.compose.nodes import At
from dataplane.model import EMPTY, Options
from dataplane.mounts import target_of


def options(at: At | None) -> Options:
    """A mapping of texts and numbers."""
    return MappingProxyType({key: entry.text() for key, entry in at.items()}) if at else EMPTY


def pairs(at: At | None) -> Options:
    """Labels and the like: a mapping, or a list of ``KEY=VALUE``; nothing is the empty text."""
    return MappingProxyType({key: value or "" for key, value in optional_pairs(at).items()}) if at else EMPTY


def optional_pairs(at: At | None) -> dict[str, str | None]:
    """The same with None for a key that has no value."""
    if at is None:
        return {}
    entries = At(as_mapping(at.node), at.path)
    found: dict[str, str | None] = {}
    for key, entry in entries.items():
        if not key or key != key.rstrip() or "=" in key:
            raise entry.wrong(f'"{key}" cannot be a key', "write KEY=VALUE without spaces around the key")
        found[key] = None if entry.value is None else entry.text()
    return found


def flag(at: At, key: str) -> bool:
    """The truth value under ``key``, false when absent."""
    entry = at.get(key)
    return entry is not None and entry.boolean()


def texts(at: At | None) -> tuple[str, ...]:
    """A list of texts, or one text."""
    return tuple(entry.text() for entry in at.elements()) if at else ()


def frozen(mapping: Mapping[str, str]) -> Options:
    """A mapping that stays as it is."""
    return MappingProxyType(dict(mapping)) if mapping else EMPTY


def mount_target(at: At, path: str, mend: str, said: str = "") -> str:
    """``path`` as something is mounted on it. UserError, which begins with ``said``: nothing can be."""
    try:
        return target_of(path)
    except ValueError as error:
        raise at.wrong(f"{said}{error}", mend) from None
