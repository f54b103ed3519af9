"""States that daemons of earlier versions wrote, as `tests/live/record_state.py` has recorded them: today's store opens each, loses
nothing of it, and plans what it wants. A change of a record that these do not survive needs a migration (`store.schema`)."""

from __future__ import annotations

import json
import re
import sqlite3
import tomllib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from dataplane.daemon.planner import Planner
from dataplane.desired.records import State
from dataplane.exchange import to_json
from dataplane.store.sqlite import TABLES, SqliteStore

ROOT = Path(__file__).parents[3]
STATES = sorted(Path(__file__).with_name("states").glob("*.sql"))
PLAIN = {"containers.attachments.*.interface_name", "uplinks.neighbors", "uplinks.netns"}
"""Fields that a daemon has no use for."""
MAPS = {"config", "host_config", "environment", "labels", "options", "ipam_options", "driver_opts", "sysctls", "aux_addresses"}
"""Their keys are the users', not fields."""
EMPTY = {'""', "[]", "{}", "null", "false"}
recorded = pytest.mark.parametrize("sql", STATES, ids=[one.stem for one in STATES])


@pytest.fixture
def path(sql: Path, tmp_path: Path) -> Path:
    """The file as that version left it."""
    file = tmp_path / "desired.db"
    with closing(sqlite3.connect(file)) as db:
        db.executescript(sql.read_text())
    return file


def bodies(path: Path) -> dict[str, list[Any]]:
    """What is in the file, by table, in its order."""
    with closing(sqlite3.connect(path)) as db:
        return {table: [json.loads(one) for (one,) in db.execute(f"SELECT body FROM {table} ORDER BY number")] for table in TABLES}


def loaded(path: Path) -> State:
    store = SqliteStore(path)
    try:
        return store.load()
    finally:
        store.close()


def kept(before: Any, after: Any) -> bool:
    """All that was written is there; fields that came later may be besides."""
    if isinstance(before, dict):
        return isinstance(after, dict) and all(key in after and kept(value, after[key]) for key, value in before.items())
    if isinstance(before, list):
        return isinstance(after, list) and len(before) == len(after) and all(map(kept, before, after))
    return bool(before == after)


def test_every_version_has_one():
    """The rule of releases (CONTRIBUTING.md): with a new version comes the state that its daemon writes."""
    released = set(re.findall(r"^## \[?(\d+\.\d+\.\d+)", (ROOT / "CHANGELOG.md").read_text(), re.M))
    now = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert {one.stem for one in STATES} == released | {now}


@recorded
def test_it_opens_and_nothing_of_it_is_lost(path):
    """The schema of the first version is today's; where a later one differs, its migration says here what of these changes."""
    before, state = bodies(path), loaded(path)
    maps = (state.networks, state.containers, state.endpoints, state.published, state.uplinks)
    for table, found in zip(TABLES, maps, strict=True):
        after = [to_json(one) for one in found.values()]
        assert len(after) == len(before[table]) > 0, table
        for old, new in zip(before[table], after, strict=True):
            assert kept(old, new), f"{table}: {old} became {new}"


@recorded
def test_what_it_wants_is_planned(path):
    """Every container that ran has its interfaces with the addresses that it had; every wish of the file becomes a wiring."""
    state = loaded(path)
    planner = Planner("d0")
    plan = planner.plan(state)
    assert set(plan.instances) == {one.short for one in state.containers.values() if one.alive}
    wanted = {
        (row.container[:12], row.endpoint.interface, row.endpoint.ipv4, row.endpoint.ipv6) for row in state.endpoints.values()
    }
    found = {(row.instance, row.interface, row.ipv4, row.ipv6) for row in plan.endpoints()}
    assert found == wanted
    assert set(plan.published) >= {row for rows in state.published.values() for row in rows}
    assert plan.uplinks == state.uplinks
    sandboxes, wiring = planner.made(plan, {})
    assert {spec.name for spec in sandboxes.values()} <= set(plan.instances)
    assert {row.port for row in plan.endpoints()} <= set(wiring.nodes)


@recorded
def test_it_has_something_of_everything(path):
    """Else it would not show that a field is lost: each that the version wrote has somewhere two values."""
    seen: dict[str, set[str]] = {}
    for table, rows in bodies(path).items():
        for row in rows:
            for place, value in leaves(row, table):
                seen.setdefault(place, set()).add(value)
    assert {place for place, values in seen.items() if values < EMPTY and len(values) == 1} <= PLAIN


def leaves(body: Any, place: str) -> Iterator[tuple[str, str]]:
    """(where, value) of each field; a list or a map that is not empty counts as another value than an empty one."""
    if isinstance(body, dict | list) and body:
        yield place, "some"
        items = body.items() if isinstance(body, dict) else (("*", one) for one in body)
        for key, value in items if place.rpartition(".")[2] not in MAPS else ():
            yield from leaves(value, f"{place}.{'*' if re.fullmatch('[0-9a-f]{64}', key) else key}")
    else:
        yield place, json.dumps(body)
