"""What a container has over the host's files, and its limits, as docker's client and our own ask for it."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from daemon_process import DaemonProcess, daemon
from docker_clients import CLIENTS

from dataplane.proc.server import privileged

pytestmark = [pytest.mark.live, pytest.mark.skipif(not privileged(), reason="namespaces with names, and rules on the host")]
OURS = "dataplane"
Client = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def daemon_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaemonProcess]:
    with daemon(tmp_path_factory.mktemp("files")) as one:
        yield one


@pytest.fixture(params=[OURS, *CLIENTS])
def client(request: pytest.FixtureRequest, daemon_process: DaemonProcess) -> Client:
    """The words of a command line, whatever comes of them."""
    program = [sys.executable, "-m", "dataplane"] if request.param == OURS else [request.param]
    host = {"DOCKER_HOST": daemon_process.host, "DATAPLANE_HOST": daemon_process.host}

    def call(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*program, *words], capture_output=True, text=True, timeout=60, check=False, env={**os.environ, **host}
        )

    return call


def said(done: subprocess.CompletedProcess[str]) -> str:
    assert (done.returncode, done.stderr) == (0, ""), done
    return done.stdout


def test_a_folder_of_the_host_somewhere_else(client: Client, tmp_path: Path) -> None:
    """-v and --mount type=bind: what is written is the host's; read-only is; in the container alone."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "page").write_text("hello\n")
    (tmp_path / "target").mkdir()
    target = f"{tmp_path}/target"
    script = f"cat {target}/page; echo more > {target}/new"
    assert said(client("run", "--rm", "-v", f"{tmp_path}/site:{target}", "host", "sh", "-c", script)) == "hello\n"
    assert (tmp_path / "site" / "new").read_text() == "more\n"
    assert list((tmp_path / "target").iterdir()) == []
    for flags in (
        ("-v", f"{tmp_path}/site:{target}:ro"),
        ("--mount", f"type=bind,source={tmp_path}/site,target={target},readonly"),
    ):
        refused = client("run", "--rm", *flags, "host", "touch", f"{target}/third")
        assert (refused.returncode, "Read-only file system" in refused.stderr) == (1, True), refused


def test_a_file_of_etc_and_etc_itself(client: Client, tmp_path: Path) -> None:
    """Over our own files where it is the file; under them where it is the folder: names are resolved still."""
    (tmp_path / "hosts").write_text("192.0.2.1 mine\n")
    assert said(client("run", "--rm", "-v", f"{tmp_path}/hosts:/etc/hosts:ro", "host", "cat", "/etc/hosts")) == "192.0.2.1 mine\n"
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "hostname").write_text("")
    found = said(client("run", "--rm", "-h", "web", "-v", f"{tmp_path}/etc:/etc", "host", "/bin/cat", "/etc/hostname"))
    assert found == "web\n"


def test_a_source_that_is_not_there(client: Client, tmp_path: Path) -> None:
    """-v makes it, --mount refuses; and where there is nothing to mount on that is said, with what to do."""
    (tmp_path / "target").mkdir()
    assert said(client("run", "--rm", "-v", f"{tmp_path}/made:{tmp_path}/target", "host", "true")) == ""
    assert (tmp_path / "made").is_dir()
    refused = client("run", "--rm", "--mount", f"type=bind,src={tmp_path}/none,dst={tmp_path}/target", "host", "true")
    assert refused.returncode == 125
    assert f'invalid mount config for type "bind": bind source path does not exist: {tmp_path}/none' in refused.stderr
    nowhere = client("run", "--rm", "-v", f"{tmp_path}/made:{tmp_path}/nowhere", "host", "true")
    assert nowhere.returncode in {125, 126, 127, 128}
    what = f'error mounting "{tmp_path}/made" to rootfs at "{tmp_path}/nowhere": no such file or directory'
    assert what in nowhere.stderr
    assert not (tmp_path / "nowhere").exists()


def test_memory_and_devices(client: Client, tmp_path: Path) -> None:
    """--tmpfs, --mount type=tmpfs, --shm-size, --device; /dev is the host's, so that --device alone says nothing new."""
    for flags in (
        ("--tmpfs", f"{tmp_path}:size=1m,mode=700"),
        ("--mount", f"type=tmpfs,dst={tmp_path},tmpfs-size=1m,tmpfs-mode=700"),
    ):
        found = said(client("run", "--rm", *flags, "host", "sh", "-c", f"stat -fc '%T %b %S' {tmp_path}; stat -c %a {tmp_path}"))
        kind, blocks, size, mode = found.split()
        assert (kind, int(blocks) * int(size), mode) == ("tmpfs", 2**20, "700")
    found = said(client("run", "--rm", "--shm-size", "64m", "host", "stat", "-fc", "%b %S", "/dev/shm"))
    assert math.prod(map(int, found.split())) == 64 * 2**20
    (tmp_path / "zero").touch()
    words = ("--device", f"/dev/zero:{tmp_path}/zero", "--device", "/dev/net/tun")
    assert said(client("run", "--rm", *words, "host", "head", "-c1", f"{tmp_path}/zero")) == "\0"


def test_what_lies_over_our_own_folders_or_a_source(client: Client, daemon_process: DaemonProcess, tmp_path: Path) -> None:
    """A container's process, its log and its end are seen as ever; a source is what the host has at that path."""
    over = ("--tmpfs", "/run", "--tmpfs", str(daemon_process.folder))
    try:
        said(client("run", "-d", "--name", "over", *over, "host", "sh", "-c", "echo hello; exec sleep 1000"))
        assert said(client("exec", "over", "sh", "-c", "touch /run/mine; ls /run")) == "mine\n"
        assert said(client("logs", "over")) == "hello\n"
        assert said(client("stop", "-t", "1", "over")) == "over\n"
    finally:
        client("rm", "-f", "over")
    (tmp_path / "page").write_text("hello\n")
    hidden = ("--tmpfs", "/tmp", "-v", f"{tmp_path}:/var/tmp")  # in the order of their depth
    assert said(client("run", "--rm", *hidden, "host", "cat", "/var/tmp/page")) == "hello\n"


def test_limits(client: Client) -> None:
    """--ulimit: of the command, and of what is run beside it."""
    command = ("--name", "limited", "--ulimit", "nofile=64:128", "--ulimit", "core=0", "host", "sleep", "1000")
    try:
        said(client("run", "-d", *command))
        assert said(client("exec", "limited", "sh", "-c", "ulimit -Sn; ulimit -Hn; ulimit -c")) == "64\n128\n0\n"
    finally:
        client("rm", "-f", "limited")
    assert said(client("run", "--rm", "--ulimit", "nofile=64", "host", "sh", "-c", "ulimit -Hn")) == "64\n"
    refused = client("run", "--rm", "--ulimit", f"nofile={2**40}", "host", "true")
    assert refused.returncode in {125, 126, 127, 128}
    assert "cannot set its limits" in refused.stderr


def test_what_networks_need(client: Client) -> None:
    """--sysctl of the namespace; NET_ADMIN is there, asked for or not: addresses, and rules of its own."""
    sysctl = ("--sysctl", "net.ipv4.ip_forward=1", "--sysctl", "net.ipv4.conf.all.rp_filter=2")
    found = said(client("run", "--rm", *sysctl, "host", "sysctl", "-n", "net.ipv4.ip_forward", "net.ipv4.conf.all.rp_filter"))
    assert found == "1\n2\n"
    script = "ip address add 192.0.2.9/32 dev eth0 && nft add table ip mine && nft list tables ip"
    for flags in ((), ("--cap-add", "NET_ADMIN"), ("--privileged", "--init", "--security-opt", "seccomp=unconfined")):
        assert "table ip mine" in said(client("run", "--rm", *flags, "host", "sh", "-c", script))


def test_what_is_left_aside_is_said_in_a_line_each(client: Client) -> None:
    """The same with every client."""
    words = ("--read-only", "--memory", "64m", "--cap-drop", "ALL", "--security-opt", "seccomp=/x.json", "-v", "data:/var/data")
    if client("version", "--format", "{{.Client.Version}}").stdout.startswith(("2", "3")):
        words = tuple(word for word in words if word not in {"--security-opt", "seccomp=/x.json"})  # docker reads that file
    done = client("run", "--rm", *words, "--pull", "missing", "host", "true")
    assert done.returncode == 0, done
    keys = [line.split()[1] for line in done.stderr.splitlines()]
    assert [key for key in keys if key != "SecurityOpt"] == ["Memory", "CapDrop", "ReadonlyRootfs", "Volumes"], done.stderr
    assert all(line.startswith("WARNING: ") for line in done.stderr.splitlines())


def test_inspect_shows_it(client: Client, tmp_path: Path) -> None:
    """Mounts, as Docker has them."""
    try:
        said(client("create", "--name", "shown", "-v", f"{tmp_path}:/mnt:ro", "--mount", "type=tmpfs,dst=/srv", "host"))
        found = said(client("inspect", "-f", "{{range .Mounts}}{{.Type}} {{.Source}} {{.Destination}} {{.RW}}\n{{end}}", "shown"))
        assert found.split("\n")[:2] == [f"bind {tmp_path} /mnt false", "tmpfs  /srv true"]
    finally:
        client("rm", "-f", "shown")
