"""A daemon on the state that another version wrote (issue 5: "upgraded (the state of the previous tag opens)")."""

from __future__ import annotations

import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import rich_world
from daemon_process import DaemonProcess, sandbox_says
from record_state import STATES, restored

from dataplane.daemon import places
from dataplane.proc.server import privileged
from dataplane.store.schema import VERSION

pytestmark = [pytest.mark.live, pytest.mark.skipif(not privileged(), reason="namespaces with names, and rules on the host")]
RECORDED = sorted(STATES.glob("*.sql"))
recorded = pytest.mark.parametrize("sql", RECORDED, ids=[one.stem for one in RECORDED])


@pytest.fixture
def host() -> Iterator[str]:
    """A host with the parents and the address that the recorded networks have."""
    name = "t-upgrade"
    subprocess.run(["ip", "netns", "add", name], check=True)
    try:
        rich_world.prepare_host(name)
        yield name
    finally:
        subprocess.run(["ip", "netns", "delete", name], check=True)


@pytest.fixture
def daemon(sql: Path, tmp_path: Path, host: str) -> Iterator[DaemonProcess]:
    """Not begun yet: its folder has the state, and nothing runs, as after the machine went down."""
    one = DaemonProcess(tmp_path, *rich_world.OPTIONS, netns=host)
    restored(sql.read_text(), one.state / places.FILE)
    try:
        yield one
    finally:
        one.clear()


def schema_of(file: Path) -> int:
    with closing(sqlite3.connect(file)) as db:
        return int(db.execute("PRAGMA user_version").fetchone()[0])


def inspected(daemon: DaemonProcess, name: str) -> dict[str, Any]:
    status, found = daemon.ask("GET", f"{rich_world.LATEST}/containers/{name}/json")
    assert status == 200, found
    return dict(found)


@recorded
def test_networks_and_containers_of_an_earlier_version_are_there_and_start(daemon: DaemonProcess) -> None:
    """Whoever has the policy runs; the others can be started, with the addresses and ports that were asked for, and talk."""
    written = schema_of(daemon.state / places.FILE)
    daemon.start()
    networks = {one["Name"]: one for one in daemon.ask("GET", f"{rich_world.LATEST}/networks")[1]}
    assert {one["Name"] for one in rich_world.NETWORKS} | {"bridge", "host", "none"} == set(networks)
    assert networks["front"]["IPAM"]["Config"][0]["AuxiliaryAddresses"] == {"printer": "10.71.0.129"}
    names = {one["Names"][0] for one in daemon.ask("GET", f"{rich_world.LATEST}/containers/json?all=1")[1]}
    assert names == {f"/{name}" for name, _, _ in rich_world.CONTAINERS if name != "fleeting"}, daemon.log()
    assert inspected(daemon, "web")["State"]["Running"]
    kept = {int(one.suffix.removeprefix(".v")) for one in daemon.state.glob(f"{places.FILE}.v*")}
    assert kept == {written} - {VERSION}, "the file as it was, for who goes back"
    assert inspected(daemon, "ended")["State"]["ExitCode"] == 3
    for name in sorted(one[1:] for one in names - {"/web", "/broken"}):
        status, said = daemon.ask("POST", f"/containers/{name}/start")
        assert status in {204, 304}, f"{name}: {said}"
    web = inspected(daemon, "web")["NetworkSettings"]
    assert {key: one["IPAddress"] for key, one in web["Networks"].items()}.keys() == {"front", "back", "six", "auto"}
    assert (web["Networks"]["front"]["IPAddress"], web["Networks"]["front"]["MacAddress"]) == ("10.71.0.9", "02:42:00:00:71:09")
    assert web["Ports"]["80/tcp"] == [
        {"HostIp": "127.0.0.1", "HostPort": "8080"},
        {"HostIp": "::1", "HostPort": "8081"},
    ]
    beside = inspected(daemon, "unborn")["NetworkSettings"]["Networks"]["auto"]["IPAddress"]
    assert "1 received" in sandbox_says(daemon.pid("web"), "ping", "-c1", "-W10", beside)


@recorded
def test_a_state_of_a_later_version_is_refused_by_name(daemon: DaemonProcess) -> None:
    """Going back: the file is left as it is."""
    file = daemon.state / places.FILE
    with closing(sqlite3.connect(file)) as db:
        db.execute("PRAGMA user_version = 99")
    before = file.read_bytes()
    daemon.start(wait=False)
    assert daemon.process is not None
    assert daemon.process.wait(20) == 1
    assert f"{file} is of a later version: its schema is 99" in daemon.log()
    assert file.read_bytes() == before
