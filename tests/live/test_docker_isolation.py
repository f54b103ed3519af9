"""Who reaches whom (DOCKER.md 1.6, the column HEAD), through `dataplane daemon` with Docker's command line.

Outside is a namespace behind a veth, which has a route to the containers' networks: so that what stops it is us.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest
from daemon_process import DaemonProcess, daemon
from docker_clients import CLIENTS

from dataplane.proc.server import privileged

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(not CLIENTS, reason="no docker client: Debian package docker.io"),
    pytest.mark.skipif(not privileged(), reason="needs root"),
]
OUTSIDE, HOST_OUT, OUT = "t-api-outside", "198.51.100.1", "198.51.100.2"


def outside(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["ip", "netns", "exec", OUTSIDE, *words], input="x\n", capture_output=True, text=True, check=False, timeout=20
    )


def outside_hears(target: str, port: int) -> str:
    """Within a second, twice."""
    return _outside_heard(target, port) or _outside_heard(target, port)


def _outside_heard(target: str, port: int) -> str:
    return outside("socat", "-t10", "-T10", "-", f"TCP:{target}:{port},connect-timeout=1").stdout.strip()


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaemonProcess]:
    def ip(*words: str) -> None:
        subprocess.run(["ip", *words], check=True)

    ip("netns", "add", OUTSIDE)
    try:
        ip("link", "add", "t-api-out", "type", "veth", "peer", "name", "eth0", "netns", OUTSIDE)
        ip("address", "add", f"{HOST_OUT}/24", "dev", "t-api-out")
        ip("link", "set", "t-api-out", "up")
        ip("-n", OUTSIDE, "address", "add", f"{OUT}/24", "dev", "eth0")
        ip("-n", OUTSIDE, "link", "set", "eth0", "up")
        ip("-n", OUTSIDE, "link", "set", "lo", "up")
        ip("-n", OUTSIDE, "route", "add", "default", "via", HOST_OUT)
        with daemon(tmp_path_factory.mktemp("daemon")) as one:
            yield one
    finally:
        ip("netns", "delete", OUTSIDE)
        subprocess.run(["ip", "link", "delete", "t-api-out"], check=False, capture_output=True)


def test_on_one_network_everybody_talks(docker):
    """1.6: ctr -> ctr same net, icc."""
    docker.ok("network", "create", "net1")
    docker.serve("s1", "--network", "net1")
    docker.run("c1", "--network", "net1")
    assert docker.hears("c1", "s1", 80)
    assert docker.pings("c1", "s1")


def test_without_icc_nobody_does_but_the_host(docker):
    """1.6: icc=false; the host-published port is still reached."""
    docker.ok("network", "create", "-o", "com.docker.network.bridge.enable_icc=false", "net1")
    docker.serve("s1", "--network", "net1", "-p", "8091:80")
    docker.run("c1", "--network", "net1")
    target = docker.address("s1", "net1")
    assert not docker.pings("c1", target)
    assert not docker.hears("c1", target, 80)
    assert docker.hears(None, target, 80)
    assert docker.hears("c1", HOST_OUT, 8091)
    assert outside("ping", "-c1", "-W1", OUT).returncode == 0
    assert docker.pings("c1", OUT)


def test_between_networks_nothing_passes(docker):
    """1.6: ctr netA -> ctr IP netB: dropped without a word, published or not."""
    docker.ok("network", "create", "neta")
    docker.ok("network", "create", "netb")
    docker.serve("s1", "--network", "netb", "-p", "8092:80")
    docker.run("c1", "--network", "neta")
    target = docker.address("s1", "netb")
    assert docker.inside("c1", "ping", "-c1", "-W1", target).stdout.count("Unreachable") == 0
    assert not docker.pings("c1", target)
    assert not docker.hears("c1", target, 80)


def test_gateways_and_the_host_answer_everybody(docker):
    """1.6: ctr netA -> gateway IP of netB / any host IP: yes."""
    docker.ok("network", "create", "neta")
    docker.ok("network", "create", "--subnet", "10.93.0.0/24", "--gateway", "10.93.0.254", "netb")
    docker.run("c1", "--network", "neta")
    assert docker.pings("c1", "10.93.0.254")
    assert docker.pings("c1", HOST_OUT)


def test_published_ports_are_reached_from_other_networks(docker):
    """1.6: ctr netA -> host-published port of netB ctr: yes (HEAD)."""
    docker.ok("network", "create", "neta")
    docker.ok("network", "create", "netb")
    docker.serve("s1", "--network", "netb", "-p", "8093:80")
    docker.run("c1", "--network", "neta")
    assert docker.hears("c1", HOST_OUT, 8093)


def test_the_host_reaches_containers(docker):
    """1.6: host -> ctr IP: yes."""
    docker.serve("s1")
    assert docker.hears(None, docker.address("s1"), 80)


def test_outside_reaches_no_container_by_its_address(docker):
    """1.6: outside -> ctr IP: dropped, published port or not (mode nat, HEAD); by the host's port: yes."""
    docker.serve("s1", "-p", "8094:80")
    docker.serve("s2")
    assert not outside_hears(docker.address("s2"), 80)
    assert not outside_hears(docker.address("s1"), 80)
    assert outside_hears(HOST_OUT, 8094)


def test_containers_reach_outside_as_the_host(docker):
    """1.6: ctr -> outside: yes, masqueraded; with 1.2's enable_ip_masquerade=false as itself."""
    docker.run("c1")
    docker.ok("network", "create", "-o", "com.docker.network.bridge.enable_ip_masquerade=false", "bare")
    docker.run("c2", "--network", "bare")
    assert docker.pings("c1", OUT)
    with subprocess.Popen(
        ["ip", "netns", "exec", OUTSIDE, "socat", "TCP-LISTEN:7000,reuseaddr,fork", "SYSTEM:read word; echo $SOCAT_PEERADDR"]
    ) as server:
        try:
            for _ in range(20):
                if seen := docker.hears("c1", OUT, 7000):
                    break
            assert seen == HOST_OUT
            assert docker.hears("c2", OUT, 7000) == docker.address("c2", "bare")
        finally:
            server.terminate()


def test_internal_networks_stay_inside(docker):
    """1.6: --internal: nothing off its subnet both ways, no -p; the bridge's address answers, and the host reaches in.
    Nothing else of the host answers (HEAD, where there is no route to it)."""
    docker.ok("network", "create", "--internal", "--subnet", "10.94.0.0/24", "inner")
    docker.ok("network", "create", "neta")
    docker.serve("s1", "--network", "inner", "-p", "8095:80")
    docker.run("c1", "--network", "inner")
    docker.run("c2", "--network", "neta")
    assert docker.hears("c1", "s1", 80)
    assert not docker.pings("c1", OUT)
    assert not docker.hears("c2", docker.address("s1", "inner"), 80)
    assert not outside_hears(HOST_OUT, 8095)
    assert docker.ok("port", "s1") == ""
    assert docker.pings("c1", "10.94.0.1")
    for target in (OUT, HOST_OUT, docker.address("c2", "neta")):
        assert not docker.pings("c1", target), target
    assert not outside_hears(docker.address("s1", "inner"), 80)
    assert not docker.pings("c2", docker.address("c1", "inner"))
    assert docker.hears(None, docker.address("s1", "inner"), 80)


def test_gateway_modes(docker):
    """1.6: routed: no NAT, ICMP open, published container ports alone; nat-unprotected: open; isolated: no gateway's address."""
    option = "com.docker.network.bridge.gateway_mode_ipv4"
    docker.ok("network", "create", "-o", f"{option}=routed", "routed")
    docker.ok("network", "create", "-o", f"{option}=nat-unprotected", "open")
    docker.serve("s1", "--network", "routed", "-p", "80")
    docker.serve("s2", "--network", "open")
    target = docker.address("s1", "routed")
    assert outside("ping", "-c1", "-W1", target).returncode == 0
    assert outside_hears(target, 80)
    docker.ok("exec", "-d", "s1", "socat", "TCP-LISTEN:81,fork", "SYSTEM:read word; echo x")
    assert not outside_hears(target, 81)
    assert outside_hears(docker.address("s2", "open"), 80)
    assert "gateway mode 'isolated' can only be used for an internal network" in docker.fails(
        "network", "create", "-o", f"{option}=isolated", "alone"
    )
    docker.ok("network", "create", "--internal", "-o", f"{option}=isolated", "alone")
    docker.run("c1", "--network", "alone")
    docker.run("c2", "--network", "alone")
    assert docker.pings("c1", "c2")
    assert docker.ok("exec", "c1", "ip", "route", "show", "default") == ""
