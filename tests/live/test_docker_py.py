"""docker-py on `dataplane daemon` (issue: "docker-py work with DOCKER_HOST"; DOCKER.md 1.8 and 1.9 through its eyes)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from daemon_process import DaemonProcess

from dataplane.proc.server import privileged

docker = pytest.importorskip("docker")

pytestmark = [pytest.mark.live, pytest.mark.skipif(not privileged(), reason="needs root")]


@pytest.fixture
def client(process: DaemonProcess) -> Iterator[docker.DockerClient]:
    found = docker.DockerClient(base_url=process.host, version="auto")
    yield found
    for container in found.containers.list(all=True):
        container.remove(force=True)
    found.networks.prune()
    found.close()


def test_it_agrees_on_a_version(client):
    assert client.ping()
    assert client.version()["ApiVersion"] == "1.51"
    assert client.info()["OSType"] == "linux"
    assert [image.tags for image in client.images.list()] == [["host:latest"]]


def test_networks(client):
    """1.9: list, create with IPAM, inspect, prune; 1.2: --subnet, --gateway, --ip-range, --aux-address, --label, --opt."""
    pool = docker.types.IPAMPool(
        subnet="10.88.0.0/24", iprange="10.88.0.128/25", gateway="10.88.0.254", aux_addresses={"router": "10.88.0.129"}
    )
    network = client.networks.create(
        "net2", driver="bridge", ipam=docker.types.IPAMConfig(pool_configs=[pool]), labels={"a": "b"}, internal=True,
        options={"com.docker.network.driver.mtu": "1400"}, enable_ipv6=False, check_duplicate=True,
    )  # fmt: skip
    assert network.attrs["IPAM"]["Config"] == [
        {
            "Subnet": "10.88.0.0/24",
            "IPRange": "10.88.0.128/25",
            "Gateway": "10.88.0.254",
            "AuxiliaryAddresses": {"router": "10.88.0.129"},
        }
    ]
    assert (network.attrs["Internal"], network.attrs["Labels"]) == (True, {"a": "b"})
    container = client.containers.run("host", ["sleep", "1000"], detach=True, network="net2", name="c1")
    network.reload()
    assert [one.name for one in network.containers] == ["c1"]
    assert container.attrs["Name"] == "/c1"
    container.reload()
    # The dynamic addresses are those of the range, without the reserved one.
    assert container.attrs["NetworkSettings"]["Networks"]["net2"]["IPAddress"] == "10.88.0.128"
    assert {one.name for one in client.networks.list()} == {"bridge", "host", "none", "net2"}
    assert [one.name for one in client.networks.list(names=["net2"], filters={"driver": "bridge"})] == ["net2"]
    with pytest.raises(docker.errors.APIError, match="has active endpoints") as error:
        network.remove()
    assert error.value.status_code == 403
    container.remove(force=True)
    assert client.networks.prune() == {"NetworksDeleted": ["net2"]}
    with pytest.raises(docker.errors.NotFound, match="network net2 not found"):
        client.networks.get("net2")
    with pytest.raises(docker.errors.APIError, match="operation is not permitted on predefined"):
        client.networks.create("bridge")


def test_run_and_what_it_says(client):
    assert client.containers.run("host", ["echo", "hello"], remove=True) == b"hello\n"
    with pytest.raises(docker.errors.ContainerError) as error:
        client.containers.run("host", ["sh", "-c", "echo wrong >&2; exit 3"], remove=True)
    assert error.value.exit_status == 3
    with pytest.raises(docker.errors.ImageNotFound):
        client.containers.run("nosuch", ["true"])
    assert client.containers.list(all=True) == []


def test_exec_demultiplexed_and_interactive(client):
    container = client.containers.run("host", ["sleep", "1000"], detach=True)
    for _ in range(20):  # each time whole, however early it comes
        status, (out, err) = container.exec_run(["sh", "-c", "echo out; echo err >&2; exit 5"], demux=True)
        assert (status, out, err) == (5, b"out\n", b"err\n")
    assert container.exec_run(["sh", "-c", "echo $A; pwd"], environment={"A": "b"}, workdir="/usr").output == b"b\n/usr\n"
    made = client.api.exec_create(container.id, ["cat"], stdin=True)["Id"]
    sock = client.api.exec_start(made, socket=True)
    sock._sock.sendall(b"words")
    assert sock._sock.recv(8) == b"\x01\x00\x00\x00\x00\x00\x00\x05"
    assert sock._sock.recv(5) == b"words"
    sock.close()
    terminal = client.api.exec_create(container.id, ["sh", "-c", "stty size"], tty=True)["Id"]
    assert client.api.exec_start(terminal, tty=True).strip()
    assert client.api.exec_inspect(terminal)["ExitCode"] == 0


def test_logs_stats_top_wait_and_kill(client):
    container = client.containers.run("host", ["sh", "-c", "echo one; echo two >&2; exec sleep 1000"], detach=True)
    lines = container.logs(stream=True, follow=True)
    assert {next(lines), next(lines)} == {b"one\n", b"two\n"}
    assert container.logs(stdout=True, stderr=False) == b"one\n"
    found = container.stats(stream=False)
    assert found["memory_stats"]["usage"] > 0
    assert found["pids_stats"]["current"] == 1
    assert any("sleep" in row[-1] for row in container.top()["Processes"])
    container.kill()
    assert container.wait()["StatusCode"] == 137
    container.reload()
    assert container.status == "exited"


def test_connect_with_all_there_is(client):
    """1.3: aliases, addresses, links by API; disconnect."""
    pool = docker.types.IPAMPool(subnet="10.89.0.0/24")
    network = client.networks.create("net1", ipam=docker.types.IPAMConfig(pool_configs=[pool]))
    other = client.containers.run("host", ["sleep", "1000"], detach=True, network="net1", name="other")
    container = client.containers.run("host", ["sleep", "1000"], detach=True, name="c1", ports={"80/tcp": ("127.0.0.1", 8099)})
    network.connect(container, aliases=["db"], ipv4_address="10.89.0.50", links=[("other", "store")])
    container.reload()
    found = container.attrs["NetworkSettings"]["Networks"]["net1"]
    assert found["IPAddress"] == "10.89.0.50"
    assert "db" in found["Aliases"]
    assert found["Links"] == ["other:store"]
    assert container.ports == {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": "8099"}]}
    assert container.exec_run(["getent", "hosts", "store"]).output.split()[0].decode() == "10.89.0.2"
    assert other.exec_run(["getent", "hosts", "db"]).output.split()[0] == b"10.89.0.50"
    with pytest.raises(docker.errors.APIError, match="already exists in network net1"):
        network.connect(container)
    network.disconnect(container)
    container.reload()
    assert list(container.attrs["NetworkSettings"]["Networks"]) == ["bridge"]


def test_events_while_they_happen(client):
    events = client.events(decode=True, filters={"type": "network", "event": ["create", "destroy"]})
    client.networks.create("net1").remove()
    assert [next(events)["Action"] for _ in range(2)] == ["create", "destroy"]
    events.close()
