"""`docker network create` (DOCKER.md 1.2) and addresses (1.4), through `dataplane daemon` with Docker's newest client here.

What the client cannot say goes by raw HTTP.
"""

from __future__ import annotations

import json
import subprocess

import pytest
from docker_clients import CLIENTS, Docker

from dataplane.proc.server import privileged

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(not CLIENTS, reason="no docker client: Debian package docker.io"),
    pytest.mark.skipif(not privileged(), reason="needs root"),
]
BRIDGE = "com.docker.network.bridge"


def create(docker: Docker, **body: object) -> tuple[int, dict[str, str]]:
    status, found = docker.daemon.ask("POST", "/networks/create", {"Name": "net1", **body})
    return status, found


def test_subnet_gateway_range_and_aux_address(docker):
    """1.2: --subnet, --gateway, --ip-range, --aux-address."""
    docker.ok(
        "network", "create", "--subnet", "10.99.0.0/24", "--gateway", "10.99.0.254", "--ip-range", "10.99.0.128/25",
        "--aux-address", "router=10.99.0.128", "net1",
    )  # fmt: skip
    docker.run("c1", "--network", "net1")
    assert docker.address("c1", "net1") == "10.99.0.129"
    assert docker.ok("exec", "c1", "ip", "route", "show", "default").strip() == "default via 10.99.0.254 dev eth0"
    docker.run("c2", "--network", "net1", "--ip", "10.99.0.5")  # static ones may be outside of the range
    assert docker.pings("c2", "c1")


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"Subnet": "10.99.0.5/24"}, "invalid subnet 10.99.0.5/24: it should be 10.99.0.0/24"),
        ({"Subnet": "10.99.0.0/24", "Gateway": "10.98.0.1"}, "10.98.0.1"),
        ({"Subnet": "10.99.0.0/24", "IPRange": "10.98.0.0/25"}, "10.98.0.0/25"),
        ({"Subnet": "nonsense"}, "nonsense"),
        ({"Subnet": "10.99.0.0/24", "AuxiliaryAddresses": {"a": "10.98.0.1"}}, "10.99.0.0/24 doesn't contain this address"),
    ],
)  # fmt: skip
def test_pools_that_are_none(docker, config, words):
    """1.2: host bits, a gateway or range outside of the subnet: HEAD's daemon refuses them."""
    status, found = create(docker, IPAM={"Config": [config]})
    assert status == 400
    assert words in found["message"]


def test_any_pool_of_a_size(docker):
    """1.2: `0.0.0.0/24` (HEAD)."""
    status, _ = create(docker, IPAM={"Config": [{"Subnet": "0.0.0.0/24"}]})
    assert status == 201
    assert json.loads(docker.network("net1", "IPAM.Config"))[0]["Subnet"].endswith("/24")


def test_the_clients_own_words(docker):
    """1.2: what docker says before it asks."""
    said = docker.fails("network", "create", "--subnet", "10.99.0.0/24", "--gateway", "10.98.0.1", "net1")
    assert "no matching subnet for gateway 10.98.0.1" in said
    assert "no matching subnet for range" in docker.fails(
        "network", "create", "--subnet", "10.99.0.0/24", "--ip-range", "10.98.0.0/25", "net1"
    )
    assert "every ip-range or gateway must have a corresponding subnet" in docker.fails(
        "network", "create", "--gateway", "10.98.0.1", "net1"
    )


def test_ipv6_and_ipv4_off(docker):
    """1.2: --ipv6 with an automatic ULA pool; --ipv4=false (28+)."""
    docker.ok("network", "create", "--ipv6", "net1")
    pools = [pool["Subnet"] for pool in json.loads(docker.network("net1", "IPAM.Config"))]
    assert len(pools) == 2 and pools[1].startswith("fd") and pools[1].endswith("/64")
    assert create(docker, Name="net6", EnableIPv4=False, EnableIPv6=True)[0] == 201
    docker.run("c1", "--network", "net6")
    assert docker.address("c1", "net6") == ""
    assert "inet6 fd" in docker.ok("exec", "c1", "ip", "-6", "address", "show", "dev", "eth0")
    assert "inet " not in docker.ok("exec", "c1", "ip", "address", "show", "dev", "eth0")
    docker.run("c2", "--network", "net6")
    assert docker.pings("c2", "c1")


def test_templates(docker):
    """1.2: --config-only / --config-from."""
    docker.ok("network", "create", "--config-only", "--subnet", "10.97.0.0/24", "template")
    docker.ok("network", "create", "--config-from", "template", "net1")
    assert json.loads(docker.network("net1", "IPAM.Config"))[0]["Subnet"] == "10.97.0.0/24"
    assert docker.network("net1", "ConfigFrom.Network") == '"template"'
    assert "config" in docker.fails("run", "--network", "template", "host", "true", status=125)
    docker.ok("network", "rm", "net1")


def test_no_addresses_at_all(docker):
    """1.2: --ipam-driver null: who has IPv4 needs a pool (HEAD); else it is a segment of endpoints without an address (issue)."""
    assert "ipv4 pool is empty" in docker.fails("network", "create", "--ipam-driver", "null", "net1")
    assert create(docker, Driver="macvlan", IPAM={"Driver": "null"}, EnableIPv4=False)[0] == 201
    docker.run("c1", "--network", "net1")
    assert docker.address("c1", "net1") == ""
    assert "inet " not in docker.ok("exec", "c1", "ip", "address", "show", "dev", "eth0")


def test_swarm_alone(docker):
    """1.2: --ingress, --scope; 1.8: overlay without a swarm; `encrypted` refused."""
    assert create(docker, Ingress=True)[0] >= 400
    assert create(docker, Scope="swarm")[0] >= 400
    status, said = create(docker, Driver="overlay", Options={"encrypted": ""})
    assert status >= 400
    assert said["message"].startswith('This node is not a swarm manager. Use "docker swarm init"')
    docker.ok("network", "create", "--attachable", "--label", "a=b", "net1")
    assert (docker.network("net1", "Attachable"), docker.network("net1", "Labels")) == ("true", '{"a":"b"}')


def test_options_of_a_bridge(docker):
    """1.2 -o: mtu, container_iface_prefix, unknown keys are taken without a word, bad values are refused in Go's words."""
    docker.ok(
        "network", "create", "-o", "com.docker.network.driver.mtu=1400", "-o", "com.docker.network.container_iface_prefix=lan",
        "-o", "no.such.key=1", "-o", f"{BRIDGE}.name=br-n1", "net1",
    )  # fmt: skip
    docker.run("c1", "--network", "net1")
    assert "mtu 1400" in docker.ok("exec", "c1", "ip", "link", "show", "dev", "lan0")
    assert json.loads(docker.network("net1", "Options"))["no.such.key"] == "1"
    bad = {"com.docker.network.driver.mtu": "abc"}
    assert 'value: abc (strconv.Atoi: parsing "abc": invalid syntax)' in create(docker, Name="net2", Options=bad)[1]["message"]
    bad = {f"{BRIDGE}.enable_icc": "maybe"}
    assert "enable_icc value: maybe (strconv.ParseBool:" in create(docker, Name="net2", Options=bad)[1]["message"]


def test_masquerading_and_binding(docker):
    """1.2 -o: enable_ip_masquerade, host_binding_ipv4."""
    docker.ok("network", "create", "-o", f"{BRIDGE}.host_binding_ipv4=127.0.0.1", "net1")
    docker.run("c1", "--network", "net1", "-p", "8080:80")
    assert docker.ok("port", "c1") == "80/tcp -> 127.0.0.1:8080"


def test_automatic_pools_in_order(docker):
    """1.4: 172.17/16 … 172.31/16, then 192.168 by /20: 31 in all, the bridge's among them; then none is left."""
    for number in range(30):
        assert create(docker, Name=f"net{number}")[0] == 201
    found = {one["Name"]: one["IPAM"]["Config"] for one in docker.daemon.ask("GET", "/networks")[1]}
    assert [found[f"net{number}"][0]["Subnet"] for number in (0, 13, 14, 29)] == [
        "172.18.0.0/16", "172.31.0.0/16", "192.168.0.0/20", "192.168.240.0/20",
    ]  # fmt: skip
    status, body = create(docker, Name="more")
    assert "all predefined address pools have been fully subnetted" in body["message"] and status >= 400


def test_overlaps(docker):
    """1.4: with another network: Docker's error; with a route of the host: automatic pools skip it, an explicit subnet gets a
    warning that names the route (issue)."""
    docker.ok("network", "create", "--subnet", "10.99.0.0/16", "net1")
    said = docker.fails("network", "create", "--subnet", "10.99.1.0/24", "net2")
    assert "Pool overlaps with other one on this address space" in said
    subprocess.run(["ip", "link", "add", "t-api-r", "type", "veth", "peer", "name", "t-api-s"], check=True)
    try:
        subprocess.run(["ip", "address", "add", "172.18.5.1/24", "dev", "t-api-r"], check=True)
        subprocess.run(["ip", "link", "set", "t-api-r", "up"], check=True)
        docker.ok("network", "create", "net2")
        assert json.loads(docker.network("net2", "IPAM.Config"))[0]["Subnet"] == "172.19.0.0/16"
        status, body = create(docker, Name="net3", IPAM={"Config": [{"Subnet": "172.18.0.0/16"}]})
        assert status == 201
        assert "172.18.5.0/24" in body["Warning"]
    finally:
        subprocess.run(["ip", "link", "delete", "t-api-r"], check=True)


def test_lowest_free_and_held_while_running(docker):
    """1.4: gateway first, then the lowest free address; a released one is reused at once; a restart may bring another."""
    docker.ok("network", "create", "--subnet", "10.99.0.0/29", "net1")
    for number in range(1, 4):
        docker.run(f"c{number}", "--network", "net1")
    assert [docker.address(f"c{number}", "net1") for number in range(1, 4)] == ["10.99.0.2", "10.99.0.3", "10.99.0.4"]
    docker.ok("stop", "-t", "0", "c1")
    docker.run("c4", "--network", "net1")
    assert docker.address("c4", "net1") == "10.99.0.2"
    docker.ok("start", "c1")
    assert docker.address("c1", "net1") == "10.99.0.5"
    docker.run("c5", "--network", "net1")
    refused = docker.fails("run", "--network", "net1", "host", "true", status=125)
    assert (
        f"no available IPv4 addresses on this network's address pools: net1 ({docker.network('net1', 'Id').strip(chr(34))})"
        in refused
    )


def test_macs(docker):
    """1.4 MAC: ours are 02:42 and the IPv4 address, as Docker's up to 27; bad MAC text."""
    docker.run("c1")
    assert docker.ok("exec", "c1", "cat", "/sys/class/net/eth0/address") == "02:42:ac:11:00:02"
    status, body = docker.daemon.ask("POST", "/containers/create", {"Image": "host", "MacAddress": "zz:zz"})
    assert status == 400
    assert "zz:zz" in body["message"]
