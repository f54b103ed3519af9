"""Who reaches whom over IPv6, and by raw requests: DOCKER.md 1.6, the column HEAD; 1.4, addresses that a restart keeps.

IPv4, and clients outside: tests/live/test_docker_isolation.py."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator

import pytest
from daemon_process import DaemonProcess, daemon, sandbox_says

from dataplane.proc.server import privileged

pytestmark = [pytest.mark.live, pytest.mark.skipif(not privileged(), reason="needs root")]

NETS = {
    "red": ("10.61.1.0/24", "fd61:1::/64", {}),
    "blue": ("10.61.2.0/24", "fd61:2::/64", {}),
    "alone": ("10.61.3.0/24", "fd61:3::/64", {"com.docker.network.bridge.enable_icc": "false"}),
    "inner": ("10.61.4.0/24", "fd61:4::/64", {}),
}
MEMBERS = {"r1": "red", "r2": "red", "b1": "blue", "a1": "alone", "a2": "alone", "i1": "inner", "i2": "inner"}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaemonProcess]:
    with daemon(tmp_path_factory.mktemp("t-desired")) as one:
        for name, (four, six, options) in NETS.items():
            config = {"Config": [{"Subnet": four}, {"Subnet": six}]}
            body = {"Name": name, "EnableIPv6": True, "IPAM": config, "Options": options, "Internal": name == "inner"}
            assert one.ask("POST", "/networks/create", body)[0] == 201
        for name, net in MEMBERS.items():
            one.run(name, network=net)
        yield one


def addresses(world: DaemonProcess, name: str) -> tuple[str, str]:
    found = world.ask("GET", f"/containers/{name}/json")[1]["NetworkSettings"]["Networks"][MEMBERS[name]]
    return found["IPAddress"], found["GlobalIPv6Address"]


def reaches(world: DaemonProcess, name: str | None, target: str) -> bool:
    """One of two pings is answered; from the host for None."""
    ping = ["ping", "-c", "2", "-i", "0.2", "-W", "1", target]
    if name is None:
        return subprocess.run(ping, capture_output=True, check=False, timeout=20).returncode == 0
    return ", 0 received" not in sandbox_says(world.pid(name), *ping, check=False)


@pytest.mark.parametrize(
    ("source", "target", "passes"),
    [
        ("r1", "r2", True),  # ctr -> ctr same net, icc
        ("a1", "a2", False),  # same net, icc=false
        ("r1", "b1", False),  # ctr netA -> ctr IP netB
        ("b1", "r1", False),
        ("i1", "i2", True),
        ("i1", "r1", False),  # --internal: off its subnet
        ("r1", "i1", False),
        (None, "r1", True),  # host -> ctr IP
        (None, "a1", True),
        (None, "i1", True),
    ],
)
@pytest.mark.parametrize("version", [4, 6])
def test_containers(world, source, target, passes, version):
    """DOCKER.md 1.6, by both families."""
    assert reaches(world, source, addresses(world, target)[version == 6]) == passes


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("source", ["r1", "a1", "i1"])
def test_gateways_answer_everybody(world, source, version):
    """DOCKER.md 1.6: ctr netA -> gateway IP of netB, any host IP: yes; --internal: the bridge's own."""
    gateways = ("10.61.2.1", "fd61:2::1") if source != "i1" else ("10.61.4.1", "fd61:4::1")
    assert reaches(world, source, gateways[version == 6])


def test_an_internal_network_publishes_nothing(world):
    """DOCKER.md 1.6: --internal: no -p (`docker port` empty)."""
    body = {"Image": "host", "Cmd": ["sleep", "100"], "HostConfig": {"NetworkMode": "inner", "PortBindings": {"80/tcp": [{}]}}}
    made = world.ask("POST", "/containers/create?name=ip1", {**body, "ExposedPorts": {"80/tcp": {}}})[1]["Id"]
    assert world.ask("POST", f"/containers/{made}/start")[0] == 204
    assert not any(world.ask("GET", f"/containers/{made}/json")[1]["NetworkSettings"]["Ports"].values())
    world.ask("DELETE", f"/containers/{made}?force=1")


def test_all_of_it_holds_after_a_kill(world):
    """Issue: stopped, killed (-9) and started again: the same networks and addresses, and who was kept apart still is."""
    before = {name: addresses(world, name) for name in MEMBERS}
    networks = world.ask("GET", "/networks")[1]
    world.kill()
    world.start()
    assert {name: addresses(world, name) for name in MEMBERS} == before
    shown = [{key: value for key, value in one.items() if key != "Containers"} for one in world.ask("GET", "/networks")[1]]
    assert json.dumps(shown) == json.dumps([{key: value for key, value in one.items() if key != "Containers"} for one in networks])
    assert reaches(world, "r1", before["r2"][1])
    assert not reaches(world, "r1", before["b1"][0])
    assert not reaches(world, "a1", before["a2"][1])
