"""Published ports (DOCKER.md 1.7), through `dataplane daemon` with Docker's command line."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator

import pytest
from daemon_process import DaemonProcess
from docker_clients import CLIENTS, Docker

from dataplane.proc.server import privileged

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(not CLIENTS, reason="no docker client: Debian package docker.io"),
    pytest.mark.skipif(not privileged(), reason="needs root"),
]


@pytest.fixture
def docker(process: DaemonProcess) -> Iterator[Docker]:
    """The oldest client here: all that is published it can say."""
    client = Docker(CLIENTS[0], process)
    yield client
    client.clear()


def test_every_form(docker):
    """1.7 form: 8080:80, ADDRESS:8080:80, 80, :8099:80, [::1]:…, /udp, ranges, first free of a range, -P."""
    docker.serve(
        "s1", "-p", "8080:80", "-p", "127.0.0.1:8081:80", "-p", "80", "-p", ":8099:80", "-p", "[::1]:8082:80",
        "-p", "9000-9002:9000-9002",
    )  # fmt: skip
    said = docker.ok("port", "s1").splitlines()
    for line in (
        "80/tcp -> 0.0.0.0:8080", "80/tcp -> 127.0.0.1:8081", "80/tcp -> 0.0.0.0:8099", "9000/tcp -> 0.0.0.0:9000",
        "9002/tcp -> 0.0.0.0:9002",
    ):  # fmt: skip
        assert line in said, said
    assert any((line.startswith("80/tcp -> ") and line.endswith("::1]:8082")) or line.endswith("::1:8082") for line in said), said
    assert "80/tcp -> 0.0.0.0:32768" in said
    for address, port in (("127.0.0.1", 8080), ("127.0.0.1", 8081), ("127.0.0.1", 8099), ("127.0.0.1", 32768), ("::1", 8082)):
        assert docker.hears(None, address, port), (address, port)
    docker.ok("rm", "-f", "s1")
    assert not docker.hears(None, "127.0.0.1", 8080)


def test_an_ipv6_address_of_the_host_leads_to_a_container_with_ipv4_alone(docker):
    """1.7 form: [::1]:8080:80; the userland proxy's part: IPv6 to IPv4, the source is the gateway."""
    docker.serve("s1", "-p", "[::1]:8082:80", "-p", "[::]:8083:80")
    docker.serve("s2", "-p", "0.0.0.0:8083:80")
    said = docker.ok("port", "s1")
    assert "::1" in said and "8082" in said, said
    assert docker.hears(None, "::1", 8082)
    assert docker.hears(None, "::1", 8083)
    assert docker.hears(None, "127.0.0.1", 8083)
    assert not docker.hears(None, "127.0.0.1", 8082)


def test_udp(docker):
    """1.7 form: /udp."""
    docker.serve("s1", "-p", "5353:53/udp", port=53, protocol="udp")
    assert docker.ok("port", "s1").splitlines()[0] == "53/udp -> 0.0.0.0:5353"
    assert docker.hears(None, "127.0.0.1", 5353, "udp")


def test_the_first_free_of_a_range_and_all_exposed(docker):
    """1.7 form: 8000-8010:80 (the first free), -P; ephemeral range from 32768 on."""
    docker.run("s1", "-p", "8000-8010:80")
    docker.run("s2", "-p", "8000-8010:80")
    assert docker.ok("port", "s1", "80").splitlines()[0] == "0.0.0.0:8000"
    assert docker.ok("port", "s2", "80").splitlines()[0] == "0.0.0.0:8001"
    docker.run("s3", "-P", "--expose", "81", "--expose", "82/udp")
    said = docker.ok("port", "s3")
    assert "81/tcp -> 0.0.0.0:327" in said and "82/udp -> 0.0.0.0:327" in said


def test_bad_ones(docker):
    """1.7 bad: the client's own words, rc 125."""
    for text, words in (
        ("99999:80", "99999"), ("80:99999", "99999"), ("80/foo", "invalid proto: foo"), ("300.1.1.1:80:80", "300.1.1.1"),
        ("8000-8002:80-81", "invalid ranges specified for container and host Ports: 80-81 and 8000-8002"),
    ):  # fmt: skip
        assert words in docker.fails("run", "-p", text, "host", "true", status=125).replace("Invalid", "invalid")


def test_taken_by_another_container(docker):
    """1.7 taken by docker: 125, Docker's words, and the container stays "Created"."""
    docker.run("s1", "-p", "8080:80")
    refused = docker.fails("run", "-d", "--name", "s2", "-p", "8080:80", "host", "sleep", "10", status=125)
    assert "driver failed programming external connectivity on endpoint s2 (" in refused
    assert "Bind for 0.0.0.0:8080 failed: port is already allocated" in refused
    assert docker.ok("ps", "-a", "--filter", "name=s2", "--format", "{{.Status}}") == "Created"
    assert docker.address("s2") == ""


def test_taken_by_the_host_or_no_address_of_it(docker):
    """1.7 taken by host / ip absent: HEAD's words."""
    with socket.create_server(("0.0.0.0", 8083)):
        refused = docker.fails("run", "-p", "8083:80", "host", "true", status=125)
        assert "failed to bind host port" in refused and "8083" in refused
    refused = docker.fails("run", "-p", "192.168.77.77:8080:80", "host", "true", status=125)
    assert "failed to bind host port" in refused and "192.168.77.77:8080" in refused


def test_hairpin_and_other_containers(docker):
    """1.7 NAT: the container itself, and another of its network, reach it by the host's port."""
    docker.serve("s1", "-p", "8084:80")
    docker.run("c1")

    uplink = next(line.split()[3].split("/")[0] for line in _host_addresses() if " dp-" in line)
    assert docker.hears("c1", uplink, 8084)
    assert docker.hears("s1", uplink, 8084)


def _host_addresses() -> list[str]:
    return subprocess.run(["ip", "-o", "-4", "address"], capture_output=True, text=True, check=True).stdout.splitlines()


def test_on_the_gateway_endpoint_alone(docker):
    """1.7 multi-network: the port leads to the endpoint that has the default route, and goes with it."""
    docker.ok("network", "create", "--subnet", "10.95.0.0/24", "neta")
    docker.ok("network", "create", "--subnet", "10.96.0.0/24", "netm")
    docker.serve("s1", "--network", "netm", "-p", "8085:80")
    assert docker.hears(None, "127.0.0.1", 8085)
    docker.ok("network", "connect", "neta", "s1")
    assert docker.hears(None, "127.0.0.1", 8085)
    docker.ok("network", "disconnect", "netm", "s1")
    assert docker.hears(None, "127.0.0.1", 8085)


def test_host_and_none_publish_nothing(docker):
    """1.1: host: discarded; none: `docker port` is empty."""
    docker.run("s1", "--network", "none", "-p", "8086:80")
    docker.run("s2", "--network", "host", "-p", "8087:80")
    assert (docker.ok("port", "s1"), docker.ok("port", "s2")) == ("", "")
