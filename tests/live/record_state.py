"""Keep the state that this version's daemon writes, as SQL, for the tests of every later one. As root:

    unshare --net .venv/bin/python tests/live/record_state.py

It runs a daemon, fills it with `rich_world`, kills it (what runs stays running in the state) and writes
`tests/dataplane/store/states/VERSION.sql`. What a released version wrote is never written again.
"""

from __future__ import annotations

import sqlite3
import sys
import tempfile
import tomllib
from contextlib import closing
from pathlib import Path

import rich_world
from daemon_process import daemon

from dataplane.daemon import places

ROOT = Path(__file__).parents[2]
STATES = ROOT / "tests" / "dataplane" / "store" / "states"


def version() -> str:
    """Of this tree."""
    return str(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"])


def dumped(file: Path) -> str:
    """The file as SQL, with the two numbers of its header that `.dump` leaves out."""
    with closing(sqlite3.connect(file)) as db:
        pragmas = [f"PRAGMA {name} = {db.execute(f'PRAGMA {name}').fetchone()[0]};" for name in ("application_id", "user_version")]
        return "\n".join([*pragmas, *db.iterdump()]) + "\n"


def restored(text: str, file: Path) -> None:
    """The file that was dumped."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with closing(sqlite3.connect(file)) as db:
        db.executescript(text)
    file.chmod(0o600)


def recorded() -> str:
    """What a daemon that was filled and killed leaves."""
    with tempfile.TemporaryDirectory() as folder, daemon(Path(folder), *rich_world.OPTIONS) as one:
        rich_world.fill(one)
        one.kill()
        text = dumped(one.state / places.FILE)
        one.start()
        rich_world.end(one)
        return text


if __name__ == "__main__":
    rich_world.prepare_host()
    target = STATES / f"{version()}.sql"
    text = recorded()
    with target.open("x", encoding="utf-8") as file:  # that of a released version stays
        file.write(text)
    sys.stdout.write(f"{target}\n")
