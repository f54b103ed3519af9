"""What one service does to its network changes nothing in another or in the host; and the network modes."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest
from labs import as_root_and_user, everything, in_world, lab, ok, row, run, wait_for

from dataplane.live.client import Client
from dataplane.proc import kernel

pytestmark = [pytest.mark.live, pytest.mark.skipif(os.geteuid() != 0, reason="private mount namespaces need root")]

both = pytest.mark.parametrize("user", [False, True], ids=["root", "user"])

THREE = "services: {a: {image: host}, b: {image: host}, c: {image: host}}"


def network(client: Client, service: str) -> str:
    """All that a service sees of its network, but counters."""
    command = "ip -o link; ip -o address; ip route; nft list ruleset; sysctl -a -r '^net.ipv4.conf'"
    return ok(client, service, "sh", "-c", command)


def network_of_host() -> str:
    """Its rules, which only root may read, routes, lo and eth0, whatever else others make there."""
    command = "ip -o link show lo; ip -o link show eth0; ip route; nft list ruleset"
    return subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False).stdout


@both
@as_root_and_user
def test_a_link_down_a_route_a_rule_a_sysctl_stay_in_their_service() -> None:
    with lab(THREE, "iso-three") as client:
        host = network_of_host()
        before = network(client, "b")
        ok(client, "a", "nft", "add", "table", "inet", "mine")
        ok(client, "a", "ip", "route", "add", "198.51.100.0/24", "dev", "eth0")
        ok(client, "a", "sysctl", "-w", "net.ipv4.conf.all.forwarding=1")
        ok(client, "a", "ip", "link", "set", "lo", "down")
        ok(client, "a", "ip", "link", "set", "eth0", "down")
        assert run(client, "a", "ping", "-c", "1", "-W", "1", "b")[0] != 0
        ok(client, "b", "ping", "-c", "1", "-W", "2", "c")
        assert network(client, "b") == before
        assert network_of_host() == host
        # Traffic to it shows the port down, as a named drop, and it comes back.
        run(client, "b", "arping", "-c", "1", "-w", "1", "-I", "eth0", "172.17.0.2")
        wait_for(lambda: row(client, "a")["endpoints"][0]["state"] == "down", "ps says so")  # type: ignore[index]
        assert any(drop["reason"] == "port down" and drop["sentence"] for drop in client.drops())
        ok(client, "a", "ip", "link", "set", "eth0", "up")
        wait_for(lambda: run(client, "b", "ping", "-c", "1", "-W", "1", "a")[0] == 0, "it is back")
        assert row(client, "a")["endpoints"][0]["state"] == "up"  # type: ignore[index]


@both
@as_root_and_user
def test_an_interface_that_is_deleted_is_an_event_and_others_go_on() -> None:
    with lab(THREE, "iso-gone") as client:
        ok(client, "a", "ip", "link", "delete", "eth0")
        wait_for(lambda: row(client, "a")["endpoints"][0]["state"] == "gone", "ps says so")  # type: ignore[index]
        assert ("port gone", "a.default") in [(event["what"], event["who"]) for event in client.events()]
        ok(client, "b", "ping", "-c", "1", "-W", "2", "c")
        pid = client.lab()["pid"]

        def used() -> int:
            """Ticks of a processor that the lab process takes within a second."""
            took = []
            for _ in range(2):
                took.append(sum(map(int, Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13])))
                time.sleep(1.0 if len(took) == 1 else 0.0)
            return took[1] - took[0]

        assert any(used() < 10 for _ in range(5)), "it spins"


@both
@as_root_and_user
def test_none_has_lo_only_and_service_shares() -> None:
    text = """
services:
  alone: {image: host, network_mode: none}
  web: {image: host}
  beside: {image: host, network_mode: "service:web"}
  other: {image: host}
"""
    with lab(text, "iso-modes") as client:
        links = ok(client, "alone", "ip", "-o", "link").splitlines()
        assert len(links) == 1
        assert links[0].startswith("1: lo:")
        assert "127.0.0.1\tlocalhost" in ok(client, "alone", "cat", "/etc/hosts")
        assert ok(client, "alone", "ip", "route") == ""
        assert ok(client, "web", "readlink", "/proc/self/ns/net") == ok(client, "beside", "readlink", "/proc/self/ns/net")
        ok(client, "beside", "ping", "-c", "1", "-W", "2", "other")
        ok(client, "beside", "getent", "hosts", "web")
        # Two services of one network namespace have processes and host names of their own.
        assert ok(client, "beside", "hostname") == "beside\n"


@both
@as_root_and_user
def test_host_is_the_host_and_stays_as_it_is() -> None:
    with lab("services: {h: {image: host, network_mode: host, extra_hosts: ['there:192.0.2.9']}}", "iso-host") as client:
        assert ok(client, "h", "readlink", "/proc/self/ns/net").strip() == str(Path("/proc/self/ns/net").readlink())
        assert ok(client, "h", "getent", "hosts", "there").split()[0] == "192.0.2.9"
        assert ok(client, "h", "hostname") == subprocess.check_output(["hostname"], text=True)


@in_world()
def test_netns_path_gets_our_interfaces_and_is_left_as_found() -> None:
    Path("/run/netns").mkdir()
    subprocess.run(["ip", "netns", "add", "iso-mine"], check=True)
    try:
        look = "ip -o link; ip -o addr; ip route; sysctl -a -r 'net.ipv[46].conf.(all|default|lo)'"
        inside = ["ip", "netns", "exec", "iso-mine", "sh", "-c", look]
        before = subprocess.check_output(inside, text=True, stderr=subprocess.DEVNULL)
        found = everything()
        text = """
services:
  mine: {image: host, network_mode: "netns:/run/netns/iso-mine", networks: {default: {interface_name: dp0}}}
  web: {image: host}
"""
        with lab(text, "iso-path") as client:
            subprocess.run([*inside[:4], "ping", "-c", "1", "-W", "2", "172.17.0.3"], check=True, capture_output=True)
            assert "dp0" in ok(client, "mine", "ip", "-o", "link")
            ok(client, "web", "ping", "-c", "1", "-W", "2", "mine")
        assert subprocess.check_output(inside, text=True, stderr=subprocess.DEVNULL) == before
        assert everything() == found
    finally:
        subprocess.run(["ip", "netns", "delete", "iso-mine"], check=True)
        kernel.unmount("/run/netns")
        Path("/run/netns").rmdir()


@both
@as_root_and_user
def test_ipv6_only_where_it_is_wanted_and_several_networks() -> None:
    text = """
services:
  four: {image: host, networks: [v4]}
  both: {image: host, networks: [v4, v6]}
  six: {image: host, networks: {v6: {ipv6_address: "fd00:6::66", mac_address: "02:00:00:00:00:66"}}}
networks:
  v4: {ipam: {config: [{subnet: 10.44.0.0/24}]}, driver_opts: {com.docker.network.driver.mtu: "1400"}}
  v6: {enable_ipv6: true, enable_ipv4: false, ipam: {config: [{subnet: "fd00:6::/64"}]}}
"""
    with lab(text, "iso-six") as client:
        assert "inet6" not in ok(client, "four", "ip", "-o", "address")
        assert "mtu 1400" in ok(client, "four", "ip", "-o", "link", "show", "eth0")
        eth0 = ok(client, "both", "ip", "-o", "address", "show", "eth0")
        assert "inet " in eth0
        assert "inet6" not in eth0
        assert "fd00:6::66/64" in ok(client, "six", "ip", "-o", "address", "show", "eth0")
        assert ok(client, "six", "cat", "/sys/class/net/eth0/address") == "02:00:00:00:00:66\n"
        ok(client, "both", "ping", "-6", "-c", "1", "-W", "2", "six")
        ok(client, "both", "ping", "-4", "-c", "1", "-W", "2", "four")
        assert run(client, "four", "ping", "-c", "1", "-W", "1", "fd00:6::66")[0] != 0
