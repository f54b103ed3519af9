"""A state folder on a disk that is full: what is there can be removed, however much; what is new is refused until there is room."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from daemon_process import DaemonProcess, daemon, sandbox_says

from dataplane.daemon import places
from dataplane.proc import kernel
from dataplane.proc.server import privileged
from dataplane.store.reserve import SIZE

pytestmark = [pytest.mark.live, pytest.mark.skipif(not privileged(), reason="mounts a small disk")]


@pytest.fixture
def small(tmp_path: Path) -> Iterator[DaemonProcess]:
    """A daemon whose state has 6 MB."""
    disk = tmp_path / "state"
    disk.mkdir(mode=0o700)
    kernel.mount("none", str(disk), "tmpfs", data="size=6m,mode=700")
    try:
        with daemon(tmp_path) as d:
            yield d
    finally:
        kernel.unmount(str(disk), kernel.MNT_DETACH)


def fill(file: Path) -> None:
    """Take all that is left."""
    with file.open("ab", buffering=0) as out, suppress(OSError):
        while True:
            out.write(bytes(512))


def made(d: DaemonProcess, name: str, octets: int, subnet: str) -> tuple[int, Any]:
    """Ask for a network that takes so much of the file."""
    body = {"Name": name, "Labels": {"a": "b" * octets}, "IPAM": {"Config": [{"Subnet": subnet}]}}
    return d.ask("POST", "/networks/create", body)


def test_on_a_full_disk_all_can_be_removed(small: DaemonProcess) -> None:
    d, filler = small, small.state / "filler"
    reserve = d.state / f"{places.FILE}.reserve"
    names = [f"n{n}" for n in range(60)]
    for n, name in enumerate(names):
        assert made(d, name, 2_000, f"10.99.{n}.0/24")[0] == 201
    d.run("web", network="n0")
    assert reserve.stat().st_blocks * 512 >= SIZE
    fill(filler)
    for n in range(40):  # what is left of a page that SQLite has is full at some time as well
        status, said = made(d, f"more{n}", 20_000, f"10.98.{n}.0/24")
        if status != 201:
            break
        names.append(f"more{n}")
    assert "full" in said["message"]
    assert reserve.stat().st_blocks * 512 >= SIZE, "what is new does not get it"
    assert d.ask("DELETE", "/containers/web?force=1") == (204, "")
    for name in names:
        fill(filler)  # somebody else takes what became free
        status, said = d.ask("DELETE", f"/networks/{name}")
        assert status == 204, said
    filler.unlink()
    assert d.ask("POST", "/networks/create", {"Name": "new"})[0] == 201
    assert reserve.stat().st_blocks * 512 >= SIZE, "made again"
    d.kill()
    d.start()
    assert [one["Name"] for one in d.ask("GET", "/networks")[1] if one["Name"] not in {"bridge", "host", "none"}] == ["new"]


@pytest.mark.parametrize("how", ["killed", "stopped"])
def test_a_daemon_begins_on_a_full_disk(small: DaemonProcess, how: str) -> None:
    """What it needs for that is in the reserve, whatever its predecessor left of SQLite's files; again and again."""
    d, filler = small, small.state / "filler"
    for name in ("web", "db", "other"):
        d.run(name)
    for name in ("web", "db"):
        fill(filler)
        (d.kill if how == "killed" else d.stop)()
        fill(filler)
        d.start()
        fill(filler)
        sandbox_says(d.pid("other"), "ping", "-c", "1", "-W", "5", "172.17.0.1")
        assert d.ask("DELETE", f"/containers/{name}?force=1") == (204, "")
    assert "No space left" not in d.log()
    assert [one["Names"] for one in d.ask("GET", "/containers/json")[1]] == [["/other"]]
    filler.unlink()
    assert d.ask("POST", "/networks/create", {"Name": "new"})[0] == 201
    assert (d.state / f"{places.FILE}.reserve").stat().st_blocks * 512 >= SIZE
