"""The state's file: kept, locked, of a version, its owner's alone; and whole whenever its writer is killed."""

import json
import os
import random
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from dataclasses import replace
from ipaddress import ip_address, ip_network
from types import MappingProxyType

import pytest

from dataplane.desired.records import ContainerRecord, EndpointRecord, Fate, NetworkRecord, State
from dataplane.errors import UserError
from dataplane.model import Attachment, Endpoint, Healthcheck, Pool, PortBinding, Process, Published, Restart
from dataplane.store import Store, schema, sqlite
from dataplane.store.reserve import BEGINNING, SIZE
from dataplane.store.sqlite import SqliteStore
from dataplane.uplink import Uplink

NET, BOX = "a" * 64, "b" * 64


def everything() -> State:
    """A value for every field that is not its default, and every shape."""
    network = NetworkRecord(
        id=NET,
        name="a b/ä",
        created=1,
        enable_ipv6=True,
        pools=(
            Pool(subnet=ip_network("10.0.0.0/24"), gateway=ip_address("10.0.0.1"), ip_range=ip_network("10.0.0.128/25")),
            Pool(subnet=ip_network("fd00::/64"), aux_addresses={"a": ip_address("fd00::9")}),
        ),
        labels={"a": ""},
    )
    container = ContainerRecord(
        id=BOX,
        name="web",
        created=2**62,
        process=Process(
            command=("sh", "-c", "\udcff".encode("utf-8", "surrogateescape").decode("latin-1")), environment={"A": "1"}
        ),
        attachments={
            NET: Attachment(
                network=NET, ipv4_address=ip_address("10.0.0.9"), links=(("db", "sql"),), link_local=(ip_address("169.254.1.1"),)
            )
        },
        ports=(PortBinding(target=80, target_last=80, host_ip=ip_address("::1")),),
        restart=Restart(policy="always"),
        healthcheck=Healthcheck(test=("CMD", "true")),
        config={"Labels": {"x": [1, None, True, {"y": 1.5}]}},
        fate=Fate(state="running", started=3),
    )
    row = Endpoint(
        port="web.a b/ä", instance=BOX, network=NET, interface="eth0", mac="02:42:0a:00:00:09", ipv4=ip_address("10.0.0.9")
    )
    endpoint = EndpointRecord(id="c" * 64, network=NET, container=BOX, endpoint=row, names=("web",), order=4)
    published = Published(
        protocol="tcp", first=1, last=1, instance=BOX[:12], endpoint="web.n", target=1, opened=(ip_address("::1"),)
    )
    return State(
        networks=MappingProxyType({NET: network}),
        containers=MappingProxyType({BOX: container}),
        endpoints=MappingProxyType({(BOX, NET): endpoint}),
        published=MappingProxyType({BOX: (published, published)}),
        uplinks=MappingProxyType({"uplink": Uplink(name="dp-x")}),
    )


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state" / "state.db"


def opened(path) -> SqliteStore:
    return SqliteStore(path)


def again(path) -> State:
    """What a next daemon reads."""
    store: Store = opened(path)
    try:
        return store.load()
    finally:
        store.close()


def test_everything_comes_back(path):
    store = opened(path)
    assert store.load() == State()
    store.save(State(), everything())
    assert store.load() == everything()
    store.close()
    store.close()
    assert again(path) == everything()


def test_only_the_difference_is_written(path):
    """What is the same object is not touched: its row keeps its place, and the order is that of making."""
    store = opened(path)
    state = everything()
    store.save(State(), state)
    more = replace(state, networks=MappingProxyType({**state.networks, "n2": replace(state.networks[NET], id="n2", name="n2")}))
    store.save(state, more)
    renamed = replace(more, networks=MappingProxyType({**more.networks, NET: replace(more.networks[NET], name="first")}))
    before = store._db.total_changes
    store.save(more, renamed)
    assert store._db.total_changes == before + 1
    assert [one.name for one in store.load().networks.values()] == ["first", "n2"]
    gone = replace(renamed, networks=MappingProxyType({"n2": renamed.networks["n2"]}), containers=MappingProxyType({}))
    store.save(renamed, gone)
    assert (list(store.load().networks), dict(store.load().containers)) == (["n2"], {})
    store.close()


def test_what_has_happened_is_owed_while_there_is_no_room(path, capsys):
    store = opened(path)
    state = everything()
    store.save(State(), state)
    (pages,) = store._db.execute("PRAGMA page_count").fetchone()
    store._db.execute(f"PRAGMA max_page_count = {pages}")
    large = replace(state, networks=MappingProxyType({NET: replace(state.networks[NET], labels={"a": "b" * 100_000})}))
    with pytest.raises(UserError, match="full"):
        store.save(state, large)
    with store.owing():
        store.save(state, large)
    assert store.load() == state
    assert capsys.readouterr().err.endswith("full; what happens is kept in memory until it can\n")
    gone = replace(large, containers=MappingProxyType({}))
    with pytest.raises(UserError, match="full"):
        store.save(large, gone)
    with store.owing():
        store.save(large, gone)
    assert capsys.readouterr().err == "", "it is told once"
    store._db.execute(f"PRAGMA max_page_count = {pages + 100}")
    store.save(gone, gone)
    assert store.load() == gone
    store.save(gone, state)
    assert store.load() == state
    store.close()


def test_a_removal_alone_has_the_reserve(path):
    store = opened(path)
    state = everything()
    store.save(State(), state)
    (pages,) = store._db.execute("PRAGMA page_count").fetchone()
    store._db.execute(f"PRAGMA max_page_count = {pages}")
    fell = []
    give_up, store._reserve.give_up = store._reserve.give_up, lambda: fell.append(1) or give_up()
    large = replace(state.networks[NET], labels={"a": "b" * 100_000})
    for networks, asked in (({NET: large}, 0), ({NET: large, "c" * 64: large}, 0)):
        with pytest.raises(UserError, match="full"):
            store.save(state, replace(state, networks=MappingProxyType(networks)))
        assert len(fell) == asked
    with pytest.raises(UserError, match="full"):  # here it is no help
        store.save(state, replace(state, networks=MappingProxyType({NET: large}), containers=MappingProxyType({})))
    assert len(fell) == 1
    assert store._reserve.path.stat().st_size == SIZE, "there is room for it again"
    assert store.load() == state
    store.close()


@pytest.mark.parametrize("page", [0, 1])
def test_a_damaged_file_is_told_with_what_helps(path, page):
    store = opened(path)
    store.save(State(), everything())
    store.close()
    octets = bytearray(path.read_bytes())
    octets[page * 4096 : (page + 1) * 4096] = b"\xff" * 4096
    path.write_bytes(octets)
    with pytest.raises(UserError) as error:
        again(path)
    assert error.value.mend == "move it away to start anew, or put back a copy"


def test_all_of_it_or_nothing(path):
    """What cannot be written leaves what was there."""
    store = opened(path)
    state = everything()
    store.save(State(), state)
    bad = replace(state.containers[BOX], config={"x": object()})
    with pytest.raises(TypeError):
        store.save(state, replace(state, networks=MappingProxyType({}), containers=MappingProxyType({BOX: bad})))
    assert store.load() == state
    store.close()


def test_two_daemons_do_not_have_one_file(path):
    store = opened(path)
    with pytest.raises(UserError, match=rf"another daemon has {path} \(process {os.getpid()}\)") as caught:
        opened(path)
    assert "--state" in caught.value.mend
    store.close()
    opened(path).close()


def test_it_is_its_owners_alone(path):
    """Permissions on files."""
    os.umask(os.umask(0))
    old = os.umask(0)
    try:
        store = opened(path)
        store.save(State(), everything())
    finally:
        os.umask(old)
    files = sorted(path.parent.iterdir())
    assert [one.name for one in files] == ["state.db", "state.db-shm", "state.db-wal", "state.db.lock", "state.db.reserve"]
    assert {stat.S_IMODE(one.stat().st_mode) for one in files} == {0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    store.close()


def test_a_link_in_its_place_is_not_followed(path):
    path.parent.mkdir()
    (path.parent / "elsewhere").write_text("x")
    path.symlink_to("elsewhere")
    with pytest.raises(UserError, match="cannot open"):
        opened(path)
    assert (path.parent / "elsewhere").read_text() == "x"


def test_a_later_version_is_refused_by_name(path):
    store = opened(path)
    store.save(State(), everything())
    store.close()
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 7")
    db.close()
    with pytest.raises(UserError, match=f"is of a later version: its schema is 7, and this dataplane knows {schema.VERSION}"):
        opened(path)
    with pytest.raises(UserError, match="is of a later version"):  # the lock was let go of
        opened(path)


def test_a_field_of_a_later_version_is_named(path):
    store = opened(path)
    store.save(State(), everything())
    store._db.execute("UPDATE uplinks SET body = json_set(body, '$.colour', 'red')")
    with pytest.raises(UserError, match="Uplink has no colour"):
        store.load()
    store.close()


@pytest.mark.parametrize("content", [b"hello, this is no database at all", b"SQLite format 3\0" + bytes(100), b"\0" * 4096])
def test_other_files_are_refused(path, content):
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(UserError, match=str(path)):
        opened(path)
    assert path.read_bytes() == content


def test_another_programs_database_is_refused(path):
    path.parent.mkdir()
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE x (y)")
    db.close()
    with pytest.raises(UserError, match="is not a daemon's state"):
        opened(path)


def test_an_earlier_version_is_migrated_and_kept(path, monkeypatch):
    """The next version: the file is brought up to it in one transaction, a copy of the old one stays."""

    def renamed(db: sqlite3.Connection) -> None:
        for key, body in db.execute("SELECT key, body FROM networks").fetchall():
            fields = json.loads(body)
            fields["name"] = fields["name"].upper()
            db.execute("UPDATE networks SET body = ? WHERE key = ?", (json.dumps(fields), key))

    store = opened(path)
    store.save(State(), everything())
    store.close()
    with monkeypatch.context() as patched:
        both = (*schema.MIGRATIONS, renamed)
        patched.setattr("dataplane.store.sqlite.VERSION", schema.VERSION + 1)
        patched.setattr("dataplane.store.sqlite.migrated", lambda db, version: schema.migrated(db, version, both))
        assert again(path).networks[NET].name == "A B/Ä"
        assert again(path).networks[NET].name == "A B/Ä"
    copy = path.with_name(f"state.db.v{schema.VERSION}")
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    copy.rename(path.with_name("old.db"))
    assert again(path.with_name("old.db")) == everything()


def test_a_migration_that_fails_changes_nothing(path, monkeypatch):
    def broken(db: sqlite3.Connection) -> None:
        db.execute("DROP TABLE networks")
        raise sqlite3.OperationalError("no")

    store = opened(path)
    store.save(State(), everything())
    store.close()
    with monkeypatch.context() as patched:
        patched.setattr("dataplane.store.sqlite.VERSION", schema.VERSION + 1)
        both = (*schema.MIGRATIONS, broken)
        patched.setattr("dataplane.store.sqlite.migrated", lambda db, version: schema.migrated(db, version, both))
        with pytest.raises(UserError, match="cannot open"):
            opened(path)
    assert again(path) == everything()


def test_a_record_written_before_a_field_was_there_has_its_default(path):
    store = opened(path)
    store.save(State(), everything())
    store._db.execute("UPDATE containers SET body = json_remove(body, '$.extra_hosts', '$.attachments.' || ? || '.links')", (NET,))
    loaded = store.load().containers[BOX]
    assert (loaded.extra_hosts, loaded.attachments[NET].links) == ((), ())
    store.close()


WRITER = """
import sys
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from dataplane.desired.records import NetworkRecord, State
from dataplane.store.reserve import BEGINNING, SIZE
from dataplane.store.sqlite import SqliteStore

store = SqliteStore(Path(sys.argv[1]))
state, number = store.load(), 0
first = int(next(iter(state.networks.values())).name) if state.networks else 0
print("open", flush=True)
for number in range(first + 1, first + 100000):
    # Ten networks that all say the same: half a change would show.
    new = replace(state, networks=MappingProxyType(
        {f"n{place}": NetworkRecord(id=f"n{place}", name=str(number), created=number) for place in range(10)}))
    store.save(state, new)
    state = new
    print(number, flush=True)
"""


def test_killed_at_any_time_it_is_whole_and_nothing_that_was_saved_is_lost(path):
    """kill -9 safe: eight times, at random points of a writer that does nothing else."""
    chance, last = random.Random(5), 0
    for _ in range(8):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE)
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"open\n"
        if not last:
            last = int(writer.stdout.readline())
        time.sleep(chance.random() / 10)
        writer.send_signal(signal.SIGKILL)
        said = [int(line) for line in writer.stdout.read().split(b"\n")[:-1]]
        writer.wait()
        found = {one.name for one in again(path).networks.values()}
        assert len(found) <= 1, found
        number = int(found.pop()) if found else 0
        assert max([last, *said]) <= number <= max([last, *said]) + 1
        last = number
    assert last > 0


@pytest.mark.parametrize("code", [sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE, sqlite3.SQLITE_CANTOPEN])
def test_where_there_is_no_room_for_opening_it_a_part_of_the_reserve_is_it(path, monkeypatch, code):
    store = opened(path)
    store.save(State(), everything())
    store.close()
    sizes = []

    def full(place):
        sizes.append(path.with_name("state.db.reserve").stat().st_size)
        if len(sizes) == 1:
            error = sqlite3.OperationalError("no room")
            error.sqlite_errorcode = code
            raise error
        return really(place)

    really = sqlite._opened
    monkeypatch.setattr(sqlite, "_opened", full)
    store = opened(path)
    assert store.load() == everything()
    store.close()
    assert sizes == [SIZE, SIZE - BEGINNING]
    assert path.with_name("state.db.reserve").stat().st_size == SIZE, "there is room again"
