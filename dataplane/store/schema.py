"""The tables of the state's file, and the way from each earlier version to this one.

A field that a record gains changes no row: what was written without it has its default. It counts all the same, once a release, so
that an earlier daemon, to which it is nothing, names the version; and the file as it was stays beside the new one, for who goes
back. A field that goes, or changes its meaning, has its rows changed here. The functions of released versions are never changed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence

APPLICATION = 0x64706C6E
"""``dpln``: the file's application id, by which it is known for ours (sqlite.org/pragma.html#pragma_application_id)."""

Migration = Callable[[sqlite3.Connection], None]


def _first(db: sqlite3.Connection) -> None:
    for table in ("networks", "containers", "endpoints", "published", "uplinks"):
        db.execute(f"CREATE TABLE {table} (number INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, body TEXT NOT NULL)")
    db.execute(f"PRAGMA application_id = {APPLICATION}")


def _mounts(_: sqlite3.Connection) -> None:
    """0.2.0: containers have ``mounts`` and ``ulimits``."""


MIGRATIONS: Sequence[Migration] = (_first, _mounts)
"""The one at 0 makes the tables of version 1; that at N leads from version N to N + 1."""
VERSION = len(MIGRATIONS)


def migrated(db: sqlite3.Connection, version: int, migrations: Sequence[Migration] = MIGRATIONS) -> None:
    """From `version` to the last, within the caller's transaction."""
    for number in range(version, len(migrations)):
        migrations[number](db)
    db.execute(f"PRAGMA user_version = {len(migrations)}")
