"""A lab's services have what their file puts over the host's files, and their limits; of root and of an ordinary user."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from labs import as_root_and_user, in_world, lab, ok, row, run, up, wait_for

from dataplane import compose, live
from dataplane.errors import UserError

pytestmark = [pytest.mark.live, pytest.mark.skipif(os.geteuid() != 0, reason="private mount namespaces need root")]

both = pytest.mark.parametrize("user", [False, True], ids=["root", "user"])

EXAMPLES = Path(__file__).parents[2] / "examples"
FILE = """
services:
  web:
    image: host
    command: sh -c 'ulimit -Sn; ulimit -Hn; exec sleep 1000'
    network_mode: none
    volumes: ["./site:/srv:ro", "./made:/opt", {type: tmpfs, target: /mnt, tmpfs: {size: 64k}}]
    tmpfs: /media:size=128k
    shm_size: 1m
    ulimits: {nofile: {soft: 32, hard: 64}}
    devices: ["/dev/zero:/dev/full"]
  plain: {image: host, network_mode: none}
  other: {image: postgres, network_mode: none, volumes: ["./never:/no/such"]}
"""


@contextmanager
def project() -> Iterator[Path]:
    """A folder, where relative paths begin."""
    folder, before = Path(tempfile.mkdtemp(dir="/tmp")), Path.cwd()
    os.chdir(folder)
    try:
        yield folder
    finally:
        os.chdir(before)
        shutil.rmtree(folder)


@both
@as_root_and_user
def test_files_memory_devices_and_limits() -> None:
    with project() as folder:
        (folder / "site").mkdir()
        (folder / "site" / "page").write_text("hello\n")
        with lab(FILE, "files-all") as client:
            assert ok(client, "web", "cat", "/srv/page") == "hello\n"
            assert "Read-only" in ok(client, "web", "sh", "-c", "touch /srv/x 2>&1 || true")
            assert ok(client, "web", "stat", "-fc", "%T %b", "/mnt", "/media", "/dev/shm") == "tmpfs 16\ntmpfs 32\ntmpfs 256\n"
            assert ok(client, "web", "head", "-c1", "/dev/full") == "\0"
            wait_for(lambda: [line["text"] for line in client.logs("web")] == ["32", "64"], "its limits")
            assert ok(client, "web", "sh", "-c", "touch /opt/new; ulimit -n") == "32\n"
            assert (folder / "made" / "new").exists()
            assert (folder / "made").stat().st_mode & 0o777 == 0o755, "for whoever the service is"
            assert ok(client, "plain", "sh", "-c", "ls /srv | grep page || echo none") == "none\n"
            assert not (folder / "never").exists(), "of an image's files: nothing is made for it"


@both
@as_root_and_user
def test_memory_over_the_projects_own_folder() -> None:
    """The command starts in / then, and its log and its end are seen as ever."""
    with project():
        text = "services: {web: {image: host, network_mode: none, tmpfs: /tmp, command: sh -c 'pwd; ls /tmp; exec sleep 1000'}}\n"
        with lab(text, "files-over") as client:
            wait_for(lambda: [line["text"] for line in client.logs("web")] == ["/"], "the folder that it starts in")


@in_world()
def test_the_example() -> None:
    """A web site of a folder of the host, which it cannot write to."""
    topology = compose.load(EXAMPLES / "files.yaml", environment={})
    assert live.up(topology, detach=True) == 0
    client = live.find(lab="files")
    try:
        page = ok(client, "client", "curl", "-s", "-m", "4", "--retry", "9", "--retry-connrefused", "http://web/files.yaml")
        assert page == (EXAMPLES / "files.yaml").read_text()
        assert run(client, "web", "touch", "/srv/new")[0] == 1
        assert ok(client, "web", "sh", "-c", "ulimit -Sn; ulimit -Hn") == "256\n512\n"
    finally:
        live.down("files")


@both
@as_root_and_user
def test_a_change_of_what_is_mounted_begins_the_process_anew() -> None:
    with project() as folder:
        (folder / "one").mkdir()
        (folder / "one" / "file").touch()
        text = "services: {web: {image: host, network_mode: none, volumes: ['./one:/srv']}}\n"
        with lab(text, "files-change") as client:
            assert ok(client, "web", "ls", "/srv") == "file\n"
            before = row(client, "web")["pid"]
            up(text.replace("./one", "./two"), "files-change")
            assert ok(client, "web", "ls", "/srv") == ""
            assert row(client, "web")["pid"] != before


@in_world()
def test_what_is_not_there_is_said_before_anything_starts() -> None:
    with project() as folder:
        (folder / "compose.yaml").write_text(
            "services: {web: {image: host, volumes: [{type: bind, source: ./none, target: /srv}]}}\n"
        )
        with pytest.raises(UserError) as caught:
            live.up(compose.load(folder, name="files-none"), detach=True)
        assert caught.value.where == f"{folder}/compose.yaml: services.web.volumes"
        assert caught.value.what.endswith(f"bind source path does not exist: {folder}/none")
        assert live.labs() == []


def refused(text: str, name: str) -> UserError:
    """Why the lab's service did not start."""
    try:
        with pytest.raises(UserError) as caught:
            up(text, name)
    finally:
        live.down(name)
    return caught.value


@both
@as_root_and_user
def test_a_target_that_is_not_there_is_said_with_its_mend() -> None:
    with project() as folder:
        error = refused("services: {web: {image: host, network_mode: none, volumes: ['.:/no/such']}}\n", "files-target")
        assert error.where == "<text>: services.web"
        assert error.what.endswith(f'error mounting "{folder}" to rootfs at "/no/such": no such file or directory')
        assert "there is no /no/such to mount on: make it" in error.mend


def locked() -> None:
    """A folder that others may not enter, and one that they may not write to."""
    Path("/run/locked/inner").mkdir(parents=True)
    Path("/run/locked").chmod(0o700)
    Path("/run/shut").mkdir()
    Path("/run/shut").chmod(0o755)


@in_world(user=True, before=locked)
def test_what_an_ordinary_user_may_not_mount() -> None:
    """Neither what that user may not reach, nor make."""
    for source, number in (("/run/locked/inner", 1), ("/run/shut/mine", 2)):
        text = f"services: {{web: {{image: host, network_mode: none, volumes: ['{source}:/srv']}}}}\n"
        error = refused(text, f"files-user{number}")
        assert f'error mounting "{source}" to rootfs at "/srv": permission denied' in error.what
        assert "an ordinary user's services mount what that user may reach" in error.mend
