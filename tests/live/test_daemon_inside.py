"""Looking inside a daemon that runs, by the verbs that labs have; and captures of its containers, read by tshark."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from daemon_process import DaemonProcess, daemon, sandbox_says
from labs import wait_for

from dataplane.proc.server import privileged

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(not privileged(), reason="namespaces with names, and rules on the host"),
]

TAGGED = """
import socket
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
s.bind(("eth0", 0))
s.send(bytes.fromhex("ffffffffffff 02420a500003 8100 0005 88b5") + bytes(46))
"""
needs_tshark = pytest.mark.skipif(not Path("/usr/bin/tshark").exists(), reason="tshark is not installed")


@pytest.fixture(scope="module")
def d(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaemonProcess]:
    """Two containers on `shop`, one of which publishes a port and the other of which has another name than it had."""
    with daemon(tmp_path_factory.mktemp("inside")) as process:
        process.ask("POST", "/networks/create", {"Name": "shop", "IPAM": {"Config": [{"Subnet": "10.80.0.0/24"}]}})
        process.run("web", network="shop", HostConfig={"PortBindings": {"80/tcp": [{"HostPort": "8731"}]}})
        process.run("was", network="shop")
        process.ask("POST", "/containers/was/rename?name=db")
        yield process


def command(d: DaemonProcess, *words: str) -> tuple[list[str], dict[str, str]]:
    return [sys.executable, "-m", "dataplane", *words], {**os.environ, "DATAPLANE_HOST": d.host}


def said(d: DaemonProcess, *words: str) -> str:
    line, env = command(d, *words)
    done = subprocess.run(line, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done
    return done.stdout


def ping(d: DaemonProcess, count: int = 1) -> None:
    sandbox_says(d.pid("db"), "ping", "-c", str(count), "-i", "0.1", "-W", "2", "10.80.0.2")


def test_every_verb_that_looks_inside_a_lab_looks_inside_a_daemon(d: DaemonProcess) -> None:
    """Tables for people and JSON for programs, in the names of containers and networks."""
    ping(d)
    sandbox_says(d.pid("db"), "ping", "-c", "1", "-W", "1", "172.17.0.1", check=False)
    assert {row["port"] for row in json.loads(said(d, "fdb", "shop", "--json"))} == {"web.shop", "db.shop"}
    assert "10.80.0.2" in said(d, "graph")
    assert "db.shop" in said(d, "graph")
    assert "was." not in said(d, "graph")
    assert ["shop", "dnat"] in [line.split()[:2] for line in said(d, "rules").splitlines()]
    assert {row["interface"] for row in json.loads(said(d, "routes", "--json"))} >= {"shop", "bridge", "uplink"}
    assert {row["interface"] for row in json.loads(said(d, "neighbors", "--json"))} >= {"shop"}
    flows = json.loads(said(d, "conntrack", "--json", "-s", "10.80.0.3"))
    assert said(d, "conntrack", "--delete", "-s", "10.80.0.3") == f"{flows['count']} forgotten.\n"
    assert isinstance(json.loads(said(d, "nat", "--json")), list)
    assert isinstance(json.loads(said(d, "drops", "--json")), list)
    assert said(d, "vtep") == "There is no overlay.\n"
    rows = {row["port"]: row for row in json.loads(said(d, "stats", "--ports", "--no-stream", "--json"))}
    assert rows["db.shop"]["sent_frames"] > 0
    assert rows["db.shop"]["kernel_queue"] == 0
    assert said(d, "stats", "--ports", "--no-stream", "db").splitlines()[1].split()[0] == "db.shop"


def test_a_bridge_is_watched(d: DaemonProcess) -> None:
    """`fdb --watch` says what is there, and goes on."""
    ping(d)
    line, env = command(d, "fdb", "shop", "--watch", "--json")
    with subprocess.Popen(line, env=env, stdout=subprocess.PIPE, text=True) as watching:
        assert watching.stdout is not None
        found = {json.loads(watching.stdout.readline())["port"] for _ in range(2)}
        watching.send_signal(signal.SIGINT)
        assert watching.wait(20) == 130
    assert found == {"web.shop", "db.shop"}


# -- captures -------------------------------------------------------------------------------------------------------------


@contextmanager
def capturing(d: DaemonProcess, *words: str) -> Iterator[tuple[subprocess.Popen[bytes], bytes]]:
    """One that has begun, its program running in the container; and what it has written by then."""
    line, env = command(d, "capture", *words)
    with subprocess.Popen(line, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        yield process, b"" if "-w" in words else os.read(process.stdout.fileno(), 65536)


def tshark(data: bytes, *fields: str) -> list[list[str]]:
    """The fields of each frame."""
    line = ["tshark", "-n", "-r", "-", "-T", "fields", *(word for field in fields for word in ("-e", field))]
    done = subprocess.run(line, input=data, capture_output=True, timeout=60, check=True)
    return [row.split("\t") for row in done.stdout.decode().splitlines()]


@needs_tshark
def test_a_capture_is_what_crossed_the_interface(d: DaemonProcess) -> None:
    """Both directions, in order; to a pipe, until so many frames; the kernel's count at the end."""
    ping(d)  # ARP is done
    with capturing(d, "web", "-c", "4") as (process, head):
        ping(d, 2)
        data, told = process.communicate(timeout=60)
    assert (process.returncode, told) == (0, b"4 frames captured on eth0, 0 lost\n")
    rows = tshark(head + data, "ip.src", "icmp.type", "frame.packet_flags_direction", "frame.interface_name")
    assert rows == 2 * [["10.80.0.3", "8", "0x00000001", "eth0"], ["10.80.0.2", "0", "0x00000002", "eth0"]]


@needs_tshark
def test_ctrl_c_ends_it_with_all_that_was_seen(d: DaemonProcess, tmp_path: Path) -> None:
    """Into a file; no process is left in the container."""
    out = tmp_path / "web.pcapng"
    ping(d)
    with capturing(d, "web", "-w", str(out)) as (process, _):
        wait_for(lambda: out.exists() and out.stat().st_size, "the head of the capture")
        ping(d, 3)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=60)
    assert process.returncode == 0
    frames = len(tshark(out.read_bytes(), "frame.number"))
    assert told == f"{frames} frames captured on eth0, 0 lost\n".encode()
    assert frames >= 6
    assert len(d.ask("GET", "/containers/web/top")[1]["Processes"]) == 1


def test_a_client_that_is_killed_leaves_no_capture_behind(d: DaemonProcess) -> None:
    with capturing(d, "web") as (process, _):
        assert len(d.ask("GET", "/containers/web/top")[1]["Processes"]) == 2
        process.kill()
    wait_for(lambda: len(d.ask("GET", "/containers/web/top")[1]["Processes"]) == 1, "the program to end")


@needs_tshark
def test_a_vlan_tag_and_a_short_snaplen(d: DaemonProcess) -> None:
    """A tag is in the frame, though the kernel keeps it beside it."""
    with capturing(d, "web", "-c", "1", "-s", "20") as (process, head):
        subprocess.run(["nsenter", "-t", str(d.pid("db")), "-n", sys.executable, "-c", TAGGED], check=True, timeout=30)
        data, _ = process.communicate(timeout=60)
    assert tshark(head + data, "eth.type", "vlan.id", "frame.len", "frame.cap_len") == [["0x8100", "5", "64", "20"]]


def test_what_cannot_be_captured_is_said(d: DaemonProcess, tmp_path: Path) -> None:
    """A wrong interface, a wrong name, and no file is made then."""
    for words, message in (
        (("web", "eth7"), "dataplane: no capture on eth7: No such device\n  mend:  interfaces here: lo, eth0\n"),
        (("wbe",), "dataplane: No such container: wbe\n  mend:  did you mean web?\n"),
    ):
        line, env = command(d, "capture", *words)
        done = subprocess.run(line, env=env, capture_output=True, text=True, timeout=60, check=False)
        assert (done.returncode, done.stdout, done.stderr) == (1, "", message)
    line, env = command(d, "capture", "wbe", "-w", str(tmp_path / "none"))
    assert subprocess.run(line, env=env, capture_output=True, timeout=60, check=False).returncode == 1
    assert not (tmp_path / "none").exists()
