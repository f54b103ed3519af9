"""Hostile requests to a real daemon (issue: "huge, truncated, wrong types, path tricks in names: refused, nothing left behind").

After each storm the same daemon lists what was there before, has no namespace, device, file or process more, and works.
"""

from __future__ import annotations

import json
import os
import random
import socket
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

import pytest
from daemon_process import DaemonProcess, daemon

from dataplane.proc.server import privileged

pytestmark = [pytest.mark.live, pytest.mark.skipif(not privileged(), reason="needs root")]

NAMES = (
    "../../../etc/passwd", "..", ".", "/", "//", "a/../b", "/etc/shadow", "\\..\\x", "a\nb", "a\x00b", "-rf", "--", "$(id)", "`id`",
    ";id", "x" * 5000, "\u202e\u0000", "é" * 300, "%2e%2e%2f", "{}", "${HOME}", " ", "a b", "'", '"', "<script>", "CON", "nul",
)  # fmt: skip
VALUES = (
    None, True, False, 0, -1, 2**63, 2**64, 1.5, "", "x", "../..", [], [None], [[]], {}, {"a": {}}, {"": None}, ["x"] * 2000,
    "é" * 9999, {"Config": [{"Subnet": []}]}, {"Config": [{"Subnet": "10.0.0.0/-1"}]}, {"Config": [{"Subnet": "::/0"}]},
    [{"HostPort": {}}], "10.0.0.0/99",
)  # fmt: skip


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaemonProcess]:
    with daemon(tmp_path_factory.mktemp("daemon")) as one:
        one.run("bystander")
        yield one


@pytest.fixture(autouse=True)
def nothing_left(process: DaemonProcess) -> Iterator[None]:
    before = traces(process)
    yield
    for kind in ("containers/json?all=1", "networks"):
        for one in process.ask("GET", f"/{kind}")[1]:
            name = one.get("Name") or one["Names"][0][1:]
            if name not in {"bridge", "host", "none", "bystander"}:
                path = f"/{kind.partition('/')[0]}/{one['Id']}"
                assert process.ask("DELETE", path + "?force=1")[0] == 204
    assert traces(process) == before
    number = process.run("after")
    assert process.ask("DELETE", f"/containers/{number}?force=1")[0] == 204
    assert "Traceback" not in process.log()


def traces(process: DaemonProcess) -> dict[str, object]:
    """What a daemon may leave about."""
    assert process.process is not None
    pid = process.process.pid
    links = subprocess.run(["ip", "-o", "link"], capture_output=True, text=True, check=True).stdout
    return {
        "namespaces": sorted(path.name for path in Path("/run/netns").glob(f"{process.name}-*")),
        "links": sorted(line.split(":")[1] for line in links.splitlines()),
        "files": sorted(str(path.relative_to(process.runtime)) for path in process.runtime.rglob("*") if "log" not in path.name),
        "children": Path(f"/proc/{pid}/task/{pid}/children").read_text(),
        "networks": sorted(one["Id"] for one in process.ask("GET", "/networks")[1]),
        "containers": sorted(one["Id"] for one in process.ask("GET", "/containers/json?all=1")[1]),
    }


def test_names_that_are_paths(process):
    """As names of containers: refused. As references anywhere: 400 or 404. As hostnames, aliases, labels: data or refused."""
    for name in NAMES:
        where = quote(name, safe="")
        status, said = process.ask("POST", f"/containers/create?name={where}", {"Image": "host", "Cmd": ["true"]})
        assert status in {400, 409} or (name in {"CON", "nul", ""} and status == 201), (name, status, said)
        for line in (f"GET /containers/{where}/json", f"POST /containers/{where}/start", f"DELETE /containers/{where}"):
            method, _, path = line.partition(" ")
            if name not in {"CON", "nul"}:
                assert process.ask(method, path)[0] in {400, 404, 501}, (name, line)
        assert process.ask("GET", f"/exec/{where}/json")[0] in {404, 501}
        assert process.ask("GET", f"/images/{where}/json")[0] in {400, 404, 501}


def test_networks_may_be_called_anything_and_files_are_not(process):
    """A network of such a name is made, used and removed; no file or device outside of its place is touched."""
    passwd = Path("/etc/passwd").read_bytes()
    for number, name in enumerate(NAMES):
        status, made = process.ask("POST", "/networks/create", {"Name": name})
        if status != 201:
            assert status == 400, (name, made)
            continue
        container = process.run(f"member{number}", network=made["Id"])
        assert process.ask("DELETE", f"/containers/{container}?force=1")[0] == 204
        assert process.ask("DELETE", f"/networks/{made['Id']}")[0] == 204
    assert Path("/etc/passwd").read_bytes() == passwd


@pytest.mark.parametrize("seed", range(4))
def test_bodies_of_wrong_types(process, seed):
    """Any value at any key: done or refused (4xx, or what Docker answers 500 for), never a failure of ours."""
    dice = random.Random(seed)
    networks = ("Name", "Driver", "IPAM", "Options", "Labels", "Internal", "EnableIPv6", "ConfigFrom", "ConfigOnly", "Scope")
    containers = (
        "Image", "Cmd", "Entrypoint", "Env", "Hostname", "HostConfig", "NetworkingConfig", "ExposedPorts", "Labels", "Healthcheck",
        "StopSignal", "StopTimeout", "User", "WorkingDir", "Tty",
    )  # fmt: skip
    host = (
        "NetworkMode",
        "PortBindings",
        "Dns",
        "ExtraHosts",
        "Links",
        "RestartPolicy",
        "Sysctls",
        "AutoRemove",
        "PublishAllPorts",
    )
    for turn in range(150):
        if dice.random() < 0.4:
            body = {"Name": f"hostile{turn}"} | {key: dice.choice(VALUES) for key in dice.sample(networks, 2)}
            status, said = process.ask("POST", "/networks/create", body)
        else:
            body = {"Image": "host", "Cmd": ["true"]} | {key: dice.choice(VALUES) for key in dice.sample(containers, 2)}
            if isinstance(body.get("HostConfig", {}), dict):
                body["HostConfig"] = {key: dice.choice(VALUES) for key in dice.sample(host, 2)}
            status, said = process.ask("POST", "/containers/create", body)
        assert status in {201, 400, 403, 404, 409} or "failed to answer" not in said["message"], (body, said)


def test_started_with_what_cannot_be(process):
    """Users, folders, sysctls, hostnames and programs that are not: refused at start; no namespace stays."""
    for more in (
        {"User": "nobody-of-that-name"}, {"WorkingDir": "/no/such/folder"}, {"Hostname": "x" * 300}, {"Cmd": [""]},
        {"HostConfig": {"Sysctls": {"../../etc/passwd": "1"}}}, {"HostConfig": {"Sysctls": {"net.ipv4.no_such": "1"}}},
        {"HostConfig": {"Sysctls": {"kernel.hostname": "taken"}}}, {"Cmd": ["/etc/passwd"]}, {"Env": ["A=" + "x" * 200_000]},
        {"HostConfig": {"ExtraHosts": ["a\nb:1.2.3.4"]}}, {"HostConfig": {"Dns": ["not an address"]}}, {"Cmd": ["x" * 300_000]},
    ):  # fmt: skip
        before = traces(process)["namespaces"]
        status, made = process.ask("POST", "/containers/create", {"Image": "host", "Cmd": ["true"], **more})
        if status == 201:
            started, said = process.ask("POST", f"/containers/{made['Id']}/start")
            assert started in {204, 400, 409, 500}, (more, said)
            assert "failed to answer" not in str(said), (more, said)
            assert process.ask("DELETE", f"/containers/{made['Id']}?force=1")[0] == 204
        assert traces(process)["namespaces"] == before, more
    assert socket.gethostname() != "taken"


def test_octets_at_random(process):
    """What is no HTTP, what is cut anywhere, what asks for a stream and leaves."""
    dice = random.Random(5)
    body = json.dumps({"Name": "cut", "Driver": "bridge"}).encode()
    whole = (
        b"POST /v1.41/networks/create HTTP/1.1\r\nHost: d\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        % len(body)
    )
    attach = (
        b"POST /containers/bystander/attach?stream=1&stdout=1 HTTP/1.1\r\nHost: d\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n"
    )
    logs = b"GET /containers/bystander/logs?follow=1&stdout=1 HTTP/1.1\r\nHost: d\r\n\r\n"
    for turn in range(300):
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(30)
        sock.connect(str(process.socket))
        with suppress(OSError):
            if turn % 4 == 0:
                sock.sendall(os.urandom(dice.randrange(1, 5000)))
            elif turn % 4 == 1:
                sock.sendall((whole + body)[: dice.randrange(len(whole) + len(body))])
            else:
                sock.sendall(attach if turn % 4 == 2 else logs)
                sock.recv(dice.randrange(1, 200))
        sock.close()


def test_many_connections(process):
    """Two thousand at once that say nothing: others are answered meanwhile, all are let go."""
    held = []
    try:
        for _ in range(2000):
            sock = socket.socket(socket.AF_UNIX)
            sock.connect(str(process.socket))
            held.append(sock)
        assert process.ask("GET", "/_ping")[0] == 200
        number = process.run("meanwhile")
        assert process.ask("DELETE", f"/containers/{number}?force=1")[0] == 204
    finally:
        for sock in held:
            sock.close()


def test_a_body_of_a_gigabyte(process):
    """It is refused long before, and the daemon's memory stays."""
    assert process.process is not None
    status = Path(f"/proc/{process.process.pid}/status")

    def resident() -> int:
        return int(next(line for line in status.read_text().splitlines() if line.startswith("VmRSS")).split()[1])

    before = resident()
    sock = socket.socket(socket.AF_UNIX)
    sock.settimeout(30)
    sock.connect(str(process.socket))
    sock.sendall(b"POST /networks/create HTTP/1.1\r\nHost: d\r\nContent-Length: 1073741824\r\n\r\n")
    with suppress(OSError):
        for _ in range(1024):
            sock.sendall(b"[" * 65536)
    sock.close()
    assert resident() < before + 64 * 1024
