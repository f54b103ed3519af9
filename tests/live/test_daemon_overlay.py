"""Overlays between daemons of two hosts: one subnet, one VNI, VXLAN by the hosts' own sockets."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from daemon_process import DaemonProcess, daemon

from dataplane.proc.server import privileged

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(not privileged(), reason="another host, which is a namespace"),
    pytest.mark.skipif(shutil.which("docker") is None, reason="no docker CLI"),
]
OTHER = "t-core-other"
VNI = "com.docker.network.driver.overlay.vxlanid_list"


@pytest.fixture
def hosts(tmp_path: Path) -> Iterator[tuple[DaemonProcess, DaemonProcess]]:
    """A daemon here and one on another host, on a wire."""
    for command in (
        f"ip netns add {OTHER}",
        f"ip link add t-core-w type veth peer name eth0 netns {OTHER}",
        "ip address add 192.0.2.1/24 dev t-core-w",
        f"ip -n {OTHER} address add 192.0.2.2/24 dev eth0",
        "ip link set t-core-w up",
        f"ip -n {OTHER} link set eth0 up",
        f"ip -n {OTHER} link set lo up",
    ):
        subprocess.run(command.split(), check=True)
    try:
        folders = [tmp_path / "one", tmp_path / "two"]
        for folder in folders:
            folder.mkdir()
        with (
            daemon(folders[0], "--data-path-addr", "192.0.2.1", "--peer", "192.0.2.2") as one,
            daemon(folders[1], "--data-path-addr", "192.0.2.2", "--peer", "192.0.2.1", netns=OTHER) as two,
        ):
            yield one, two
    finally:
        subprocess.run(["ip", "link", "delete", "t-core-w"], check=True)
        subprocess.run(["ip", "netns", "delete", OTHER], check=True)


def test_containers_of_two_hosts_are_on_one_network(hosts: tuple[DaemonProcess, DaemonProcess]) -> None:
    """DOCKER.md 1.1: VXLAN, eth0 with an MTU of 1450; each host takes addresses of its own range; after a kill -9 too.
    Who is behind the other host is seen."""
    one, two = hosts
    for number, process in enumerate(hosts, start=1):
        words = ["--driver", "overlay", "--subnet", "10.9.0.0/24", "--ip-range", f"10.9.0.{number * 64}/26"]
        process.docker("network", "create", *words, "-o", f"{VNI}=4097", "far")
        process.docker("run", "-d", "--name", f"on{number}", "--network", "far", "host", "sleep", "1000")
    assert "mtu 1450" in one.docker("exec", "on1", "ip", "link", "show", "eth0")
    address = two.ask("GET", "/containers/on2/json")[1]["NetworkSettings"]["Networks"]["far"]["IPAddress"]
    assert address.startswith("10.9.0.1")
    ping = ("exec", "on1", "ping", "-c1", "-W3", "-s", "1422", "-M", "do", address)
    assert "1 received" in one.docker(*ping)
    (far,) = one.ask("GET", "/dataplane/vteps?network=far")[1]["overlays"]  # `dataplane vtep far`
    assert (far["network"], far["vni"], far["mtu"]) == ("far", 4097, 1450)
    assert [station["peer"] for station in far["stations"]] == ["192.0.2.2"]
    one.kill()
    one.start()
    assert "1 received" in one.docker(*ping)


def test_what_an_overlay_cannot_be(hosts: tuple[DaemonProcess, DaemonProcess]) -> None:
    """`encrypted` is refused: nothing here encrypts. Its VNI is said; its peers may be the network's own."""
    one, _ = hosts
    for options, words in (
        ({VNI: "4097", "encrypted": ""}, "encrypted overlays are not in this version"),
        ({}, "an overlay with static peers needs its VNI"),
        ({VNI: "0"}, "vxlanid_list"),
        ({VNI: "4098", "dataplane.peers": "nobody"}, "nobody is no address of a peer"),
    ):
        status, said = one.ask("POST", "/networks/create", {"Name": "far", "Driver": "overlay", "Options": options})
        assert status == 400, said
        assert words in said["message"]
    status, said = one.ask(
        "POST", "/networks/create", {"Name": "far", "Driver": "overlay", "Options": {VNI: "4098", "dataplane.peers": "192.0.2.77"}}
    )
    assert status == 201, said


def test_without_an_underlay_it_is_dockers_words(tmp_path: Path) -> None:
    """DOCKER.md 1.8: create -d overlay, no swarm."""
    with daemon(tmp_path) as process:
        status, said = process.ask("POST", "/networks/create", {"Name": "far", "Driver": "overlay"})
        assert status == 403
        assert said["message"].startswith('This node is not a swarm manager. Use "docker swarm init"')
