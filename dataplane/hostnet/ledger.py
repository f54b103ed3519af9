"""Sysctls of the host that labs have changed: what they were before, and which labs need them. Pure.

A sysctl that was right already is nobody's. One that a lab changed is written down before, with its old value; more labs may come
to need it; the last that lets go of it restores the old value, unless somebody else has changed it meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

Key = tuple[int, str]
Read = Callable[[Key], str | None]


@dataclass(frozen=True, slots=True)
class Entry:
    """One sysctl of one namespace: the value before, the labs' value, who needs it."""

    old: str
    new: str
    labs: tuple[str, ...]


Book = Mapping[Key, Entry]


@dataclass(frozen=True, slots=True)
class Write:
    """A sysctl to be written, from one value to another."""

    key: Key
    old: str
    new: str


def taken(book: Book, lab: str, wanted: Mapping[Key, str], read: Read) -> tuple[Book, list[Write]]:
    """The book once ``lab`` needs ``wanted`` as well, and what to write after the book is kept. What is not there is left out."""
    after, writes = dict(book), []
    for key, value in wanted.items():
        entry, now = book.get(key), read(key)
        if now is None:
            continue
        if entry is None and now == value:
            continue
        if entry is None:
            entry = Entry(old=now, new=value, labs=())
        if now != value:
            writes.append(Write(key, now, value))
        after[key] = replace(entry, labs=tuple(dict.fromkeys((*entry.labs, lab))))
    return after, writes


def released(book: Book, lab: str, kept: Mapping[Key, str], read: Read) -> tuple[Book, list[Write]]:
    """The book once ``lab`` needs nothing but ``kept``, and what to write before the book is kept."""
    after, writes = dict(book), []
    for key, entry in book.items():
        if lab not in entry.labs or key in kept:
            continue
        labs = tuple(name for name in entry.labs if name != lab)
        if labs:
            after[key] = replace(entry, labs=labs)
            continue
        del after[key]
        if read(key) == entry.new:
            writes.append(Write(key, entry.new, entry.old))
    return after, writes
