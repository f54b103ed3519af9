"""macvlan and ipvlan networks of the daemon, by the docker CLI (DOCKER.md 1.1; issue 5: drivers, hot connect, kill -9)."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest
from daemon_process import DaemonProcess, daemon
from hosts import HOST4, OUTSIDE, OUTSIDE4, outside, sh

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(os.geteuid() != 0, reason="a parent needs root"),
    pytest.mark.skipif(shutil.which("docker") is None, reason="without a docker client"),
]
SUBNET = ("--subnet", "198.51.100.0/24", "--gateway", OUTSIDE4)


@pytest.fixture
def there(tmp_path) -> Iterator[DaemonProcess]:
    with outside(), daemon(tmp_path) as found:
        yield found


def create(there: DaemonProcess, name: str, driver: str, *options: str) -> None:
    there.docker("network", "create", "-d", driver, *SUBNET, "--ip-range", "198.51.100.64/26", *options, name)


def pings(there: DaemonProcess, container: str, target: str) -> bool:
    return " 2 received" in there.docker("exec", container, "sh", "-c", f"ping -c 2 -i 0.1 -W 1 {target} || true")


def pinged(target: str) -> bool:
    out = sh(f"ip netns exec {OUTSIDE} ping -c 2 -i 0.1 -W 1 {target}", check=False)
    assert "DUP!" not in out
    return " 2 received" in out


def address(there: DaemonProcess, container: str, network: str) -> str:
    template = f'{{{{(index .NetworkSettings.Networks "{network}").IPAddress}}}}'
    return there.docker("inspect", "-f", template, container).strip()


@pytest.mark.parametrize("driver", ["macvlan", "ipvlan"])
def test_containers_are_stations_of_the_parents_network(there, driver):
    """Siblings, the network's router, from outside; not the host; hot connect to a second; gone again."""
    create(there, "lan", driver, "-o", "parent=eth0")
    for name in ("one", "two"):
        there.docker("run", "-d", "--name", name, "--network", "lan", "-p", "80", "host", "sleep", "600")
    assert there.docker("port", "one") == there.docker("ps", "--filter", "name=one", "--format", "{{.Ports}}").strip() == ""
    assert there.docker("inspect", "-f", "{{json .NetworkSettings.Ports}}", "one") == "{}\n"
    one, two = (address(there, name, "lan") for name in ("one", "two"))
    assert pings(there, "one", two)
    assert pings(there, "one", OUTSIDE4)
    assert pinged(one)
    assert pinged(two)
    assert not pings(there, "one", HOST4)
    there.docker("run", "-d", "--name", "three", "host", "sleep", "600")
    there.docker("network", "connect", "lan", "three")
    assert pinged(address(there, "three", "lan"))
    there.docker("network", "disconnect", "lan", "three")
    assert pinged(one)
    tables = sh("nft list tables")
    assert ("parent.lan" in tables) == (driver == "ipvlan")
    there.docker("rm", "-f", "one", "two", "three")
    there.docker("network", "rm", "lan")
    assert "parent.lan" not in sh("nft list tables")


@pytest.mark.parametrize("mode", ["l3", "l3s"])
def test_ipvlan_l3_has_a_default_route_without_a_gateway(there, mode):
    """DOCKER.md 1.1: `default dev eth0` connected."""
    sh(f"ip -n {OUTSIDE} route replace 10.81.0.0/24 via {HOST4}")
    there.docker(
        "network", "create", "-d", "ipvlan", "--subnet", "10.81.0.0/24", "-o", "parent=eth0", "-o", f"ipvlan_mode={mode}", "routed"
    )
    there.docker("run", "-d", "--name", "one", "--network", "routed", "host", "sleep", "600")
    assert there.docker("exec", "one", "ip", "route", "show", "default").split()[:3] == ["default", "dev", "eth0"]
    assert pings(there, "one", OUTSIDE4)
    assert pinged(address(there, "one", "routed"))


@pytest.mark.parametrize("driver", ["macvlan", "ipvlan"])
def test_a_daemon_that_was_killed_finds_its_parents_again(there, driver):
    """Same networks, same addresses, processes untouched; the host's table is not left doubled or lost."""
    create(there, "lan", driver, "-o", "parent=eth0")
    there.docker("run", "-d", "--name", "one", "--network", "lan", "host", "sleep", "600")
    before = address(there, "one", "lan")
    assert pinged(before)
    there.kill()
    there.start()
    assert address(there, "one", "lan") == before
    assert pinged(before)
    there.docker("rm", "-f", "one")
    assert "parent.lan" not in sh("nft list tables")


def test_vlans_and_no_parent(there):
    """A VLAN has its tag outside; without a parent siblings alone; without a gateway no default route."""
    there.docker("network", "create", "-d", "macvlan", "--subnet", "10.82.0.0/24", "-o", "parent=eth0.82", "tagged")
    there.docker("network", "create", "-d", "macvlan", "--subnet", "10.83.0.0/24", "alone")
    for name in ("one", "two"):
        there.docker("run", "-d", "--name", name, "--network", "tagged", "host", "sleep", "600")
        there.docker("network", "connect", "alone", name)
    assert there.docker("exec", "one", "ip", "route", "show", "default") == ""  # HEAD: no gateway was given
    assert pings(there, "one", address(there, "two", "tagged"))
    assert pings(there, "one", address(there, "two", "alone"))
    inside = there.docker("inspect", "-f", "{{.NetworkSettings.SandboxKey}}", "one").strip()
    # Again until the capture, which begins when it likes, has seen one.
    seen = sh(
        f"ip netns exec {OUTSIDE} timeout 30 tcpdump -nel -i eth0 -c 1 vlan 82 and arp & "
        f"while kill -0 $! 2> /dev/null; do nsenter --net={inside} ping -c 1 -W 1 10.82.0.250; done; wait",
        check=False,
    )
    assert "vlan 82" in seen, seen


def test_dockers_words(there):
    """DOCKER.md 1.8."""
    status, told = there.ask("POST", "/networks/create", {"Name": "x", "Driver": "macvlan", "Options": {"parent": "nosuch"}})
    assert status in {400, 500}
    assert told["message"].startswith("invalid subinterface vlan name nosuch, example formatting is eth0.10")
    options = {"parent": "eth0", "macvlan_mode": "bogus"}
    status, told = there.ask("POST", "/networks/create", {"Name": "x", "Driver": "macvlan", "Options": options})
    assert told["message"].startswith("requested macvlan mode 'bogus' is not valid, 'bridge' mode is the macvlan driver default")
