"""The desired state in one SQLite file. A record is a row: its key, and its fields as JSON; a save, one transaction.

Written ahead (WAL), so that neither a `kill -9` nor a full disk nor a loss of power leaves half a change. A `kill -9` loses none
either; a loss of power those of the last seconds, since an fsync(2) for each would cost up to tens of ms. Beside the file stand
FILE.lock, which the daemon that has it keeps locked; FILE.reserve, room for removals; and after a migration FILE.vN, as it was.
"""

from __future__ import annotations

import json
import os
import sqlite3
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from types import MappingProxyType
from typing import Any

from dataplane.desired.records import ContainerRecord, EndpointRecord, NetworkRecord, State
from dataplane.errors import UserError
from dataplane.exchange import from_json, to_json
from dataplane.model import Published
from dataplane.store.lock import locked
from dataplane.store.reserve import Reserve
from dataplane.store.schema import APPLICATION, VERSION, migrated
from dataplane.uplink import Uplink

NOTHING = State()
NO_ROOM = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN})
"""What SQLite says of a disk that is full, according to what it was about to write."""


class SqliteStore:
    """The file `path`, made where there is none, mode 0600; its folder is made, 0700. Blocking; any thread may use it.

    UserError: another daemon has it; it is no such file; it is of a later version; it cannot be read or written."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._mutex = threading.Lock()
        self._behind: State | None = None  # what is in the file, where that is not what was saved last
        self._may_owe = False
        self._reserve = Reserve(path)
        with self._named("open"):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = locked(path)
        try:
            with self._named("open"):
                os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
                self._db = self._opened()
        except BaseException:
            os.close(self._lock)
            raise
        self._reserve.keep()

    def _opened(self) -> sqlite3.Connection:
        """Also on a full disk: what SQLite has beside the file was removed by a daemon that ended in order, and comes anew."""
        try:
            return _opened(self.path)
        except sqlite3.OperationalError as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF not in NO_ROOM or not self._reserve.lend():
                raise
            return _opened(self.path)

    def load(self) -> State:
        """What was saved last; of a new file, an empty State."""
        with self._mutex, self._named("read"):
            try:
                return _load(self._db)
            except (ValueError, TypeError, KeyError) as error:
                raise UserError(
                    f"{self.path} cannot be read: {error}",
                    mend="move it away to start anew, or use the version that wrote it",
                    status=1,
                ) from None

    def save(self, old: State, new: State) -> None:
        """Write what differs between the two, all of it or nothing."""
        written = old if self._behind is None else self._behind
        if written is new:
            self._behind = None
            return
        try:
            with self._mutex, self._named("write"):
                self._write(written, new)
        except UserError as error:
            if not self._may_owe:
                raise
            if self._behind is None:
                print(f"{error.what}; what happens is kept in memory until it can", file=sys.stderr, flush=True)
            self._behind = written
        else:
            self._behind = None

    def _write(self, old: State, new: State) -> None:
        """Errors: sqlite3.Error. A removal has the reserve, where the disk is full."""
        try:
            _save_all(self._db, old, new)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_FULL or not _is_removal(old, new) or not self._reserve.give_up():
                raise
            _save_all(self._db, old, new)
            with suppress(sqlite3.Error):
                self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # makes room for the next reserve
        finally:
            self._reserve.keep()

    @contextmanager
    def owing(self) -> Iterator[None]:
        """A save within that cannot be written is owed: the next one writes it too."""
        self._may_owe = True
        try:
            yield
        finally:
            self._may_owe = False

    def close(self) -> None:
        """Let go of it. A second time: nothing happens."""
        with self._mutex:
            if self._lock >= 0:
                self._db.close()
                os.close(self._lock)
                self._lock = -1

    @contextmanager
    def _named(self, doing: str) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            words = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)
            damaged = isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError)
            mend = "move it away to start anew, or put back a copy" if damaged else "look at its folder, and at the disk"
            raise UserError(f"cannot {doing} {self.path}: {words}", mend=mend, status=1) from None


# -- rows ---------------------------------------------------------------------------------------------------------------

TABLES = ("networks", "containers", "endpoints", "published", "uplinks")


def _maps(state: State) -> tuple[Mapping[Any, Any], ...]:
    return state.networks, state.containers, state.endpoints, state.published, state.uplinks


def _save_all(db: sqlite3.Connection, old: State, new: State) -> None:
    with _transaction(db):
        for table, before, after in zip(TABLES, _maps(old), _maps(new), strict=True):
            _save(db, table, before, after)


def _is_removal(old: State, new: State) -> bool:
    """Something goes, and nothing comes."""
    pairs = [(before.keys(), after.keys()) for before, after in zip(_maps(old), _maps(new), strict=True)]
    return all(after <= before for before, after in pairs) and any(after < before for before, after in pairs)


def _save(db: sqlite3.Connection, table: str, before: Mapping[Any, Any], after: Mapping[Any, Any]) -> None:
    """What is the same object is not looked at. The order of rows is that of making, as in the State."""
    if before is after:
        return
    gone = [(_key(key),) for key in before if key not in after]
    rows = [(_key(key), _text(value)) for key, value in after.items() if before.get(key) is not value]
    if gone:
        db.executemany(f"DELETE FROM {table} WHERE key = ?", gone)
    if rows:
        words = f"INSERT INTO {table} (key, body) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET body = excluded.body"
        db.executemany(words, rows)


def _key(key: str | tuple[str, str]) -> str:
    return key if isinstance(key, str) else " ".join(key)


def _text(value: object) -> str:
    return json.dumps(to_json(value), separators=(",", ":"), ensure_ascii=True)


def _load(db: sqlite3.Connection) -> State:
    def rows(table: str, read: Callable[[Any], Any]) -> Iterator[tuple[str, Any]]:
        for key, body in db.execute(f"SELECT key, body FROM {table} ORDER BY number"):
            yield key, read(json.loads(body))

    found = State(
        networks=MappingProxyType(dict(rows("networks", lambda body: from_json(NetworkRecord, body)))),
        containers=MappingProxyType(dict(rows("containers", lambda body: from_json(ContainerRecord, body)))),
        endpoints=MappingProxyType(
            {(one.container, one.network): one for _, one in rows("endpoints", lambda body: from_json(EndpointRecord, body))}
        ),
        published=MappingProxyType(dict(rows("published", lambda body: tuple(from_json(Published, one) for one in body)))),
        uplinks=MappingProxyType(dict(rows("uplinks", lambda body: from_json(Uplink, body)))),
    )
    return found if any(_maps(found)) else NOTHING


# -- the file -----------------------------------------------------------------------------------------------------------


def _opened(path: Path) -> sqlite3.Connection:
    """Open, ours, and of this version. UserError; sqlite3.Error."""
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5)
    try:
        (application,) = db.execute("PRAGMA application_id").fetchone()
        (version,) = db.execute("PRAGMA user_version").fetchone()
        (tables,) = db.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if application != APPLICATION and (tables or application or version):
            raise UserError(f"{path} is not a daemon's state", mend="name another folder: --state DIR", status=1)
        if version > VERSION:
            raise UserError(
                f"{path} is of a later version: its schema is {version}, and this dataplane knows {VERSION}",
                mend="use the dataplane that wrote it, or another folder: --state DIR",
                status=1,
            )
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        if 0 < version < VERSION:
            _keep(db, path, version)
        if version < VERSION:
            with _transaction(db):
                migrated(db, version)
    except BaseException:
        db.close()
        raise
    return db


def _keep(db: sqlite3.Connection, path: Path, version: int) -> None:
    """A copy of the file before it is migrated, beside it."""
    copy = path.with_name(f"{path.name}.v{version}")
    os.close(os.open(copy, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
    with closing(sqlite3.connect(copy)) as other:
        db.backup(other)


@contextmanager
def _transaction(db: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    db.execute("BEGIN IMMEDIATE")
    try:
        yield db
    except BaseException:
        if db.in_transaction:  # a full disk has ended it already
            db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")
