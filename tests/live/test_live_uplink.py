"""The uplink's life: told at up, gone at down, whatever was killed; changed, shared, elsewhere, and what stands in its way."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest
from hosts import HOST4, HOST6, OUTSIDE4, OUTSIDE6, assert_same, outside, sh, state
from labs import in_world, lab, ok, up, wait_for
from servers import PYTHON, TELLER, curl, patient_curl, serving

from dataplane import compose, live
from dataplane.errors import UserError
from dataplane.live.client import Client
from dataplane.live.rows import StepRow
from dataplane.proc.registry import holder, lab_folder

pytestmark = [pytest.mark.live, pytest.mark.skipif(os.geteuid() != 0, reason="an uplink needs root")]


def text(subnet: str = "10.77.0", ports: str = "'8080:80'", more: str = "") -> str:
    return f"""
services:
  web: {{image: host, command: [{PYTHON}, -c, {json.dumps(TELLER)}, "80"], ports: [{ports}]}}
networks:
  default: {{ipam: {{config: [{{subnet: {subnet}.0/24}}]}}}}
{more}
"""


def change(client: Client, new: str) -> list[StepRow]:
    """Apply another text to a lab that runs: what was told."""
    told: list[StepRow] = []
    topology = compose.load(new, name=client.name, text=True, environment={})
    assert live.up(topology, detach=True, on_step=told.append) == 0
    return told


def killed(name: str) -> None:
    """The lab process is, by kill -9."""
    known = holder(lab_folder(name))
    assert known is not None
    os.kill(known[0], signal.SIGKILL)
    wait_for(lambda: holder(lab_folder(name)) is None, "the lab process has died")


@in_world()
def test_nothing_is_left_on_the_host_after_down_and_after_kill_9() -> None:
    with outside():
        before = state()
        told: list[StepRow] = []
        client = up(text(), "left", on_step=told.append)
        assert {row["what"] for row in told if row["kind"] == "host"} >= {"IPv4 forwarding of eth0: 0 -> 1"}
        assert (client.lab()["uplink"] or {})["local"] == [HOST4, HOST6]
        assert [row["held"] for row in client.lab()["published"]] == [True]
        assert live.down("left")
        assert_same(before, state())
        up(text(), "left")
        killed("left")
        wait_for(lambda: "dp-left" not in sh("ip -o link"), "the TAP ends with its process")
        assert "dataplane-left" in sh("nft list tables")
        assert live.down("left")
        assert_same(before, state())
        up(text(), "left")
        killed("left")
        up(text(more="x-dataplane: {uplink: {kind: none}}", ports=""), "left")  # over what was left
        assert_same(before, state())
        assert live.down("left")


@in_world()
def test_a_port_that_is_taken_is_dockers_error_and_leaves_nothing() -> None:
    with outside(), serving("", 8080):
        before = state()
        with pytest.raises(UserError) as error:
            up(text(), "taken")
        words = "driver failed programming external connectivity on endpoint web: failed to bind host port 0.0.0.0:8080/tcp"
        assert error.value.what.startswith(words), error.value.what
        assert error.value.what.endswith("address already in use")
        assert live.labs() == []
        assert_same(before, state())


@in_world()
def test_a_port_of_another_lab_is_allocated_already() -> None:
    with outside(), lab(text(), "first"):
        with pytest.raises(UserError, match=r"Bind for 0\.0\.0\.0:8080 failed: port is already allocated") as error:
            up(text("10.78.0"), "second")
        assert "lab first publishes it" in error.value.mend
        assert patient_curl("http://127.0.0.1:8080/") == "172.31.255.1"


@in_world()
def test_a_port_that_the_file_leaves_open_goes_round_what_is_taken() -> None:
    with outside(), serving("", 32768), lab(text(ports="'80'"), "open") as client:
        (row,) = client.lab()["published"]
        assert row["first"] == 32769
        assert patient_curl("http://127.0.0.1:32769/")


@in_world()
def test_two_labs_side_by_side() -> None:
    with outside(), lab(text(), "labone") as one, lab(text("10.78.0", "'8081:80'"), "labtwo") as two:
        assert {(client.lab()["uplink"] or {})["name"] for client in (one, two)} == {"dp-labone", "dp-labtwo"}
        for port in (8080, 8081):
            assert patient_curl(f"http://{HOST4}:{port}/", "outside") == OUTSIDE4
        assert ok(one, "web", "curl", "-s", "-m", "4", f"http://{HOST4}:8081/")
        assert ok(two, "web", "curl", "-s", "-m", "4", f"http://{HOST4}:8080/")


@in_world()
def test_no_host_rules_tells_them_and_the_relay_serves() -> None:
    with outside():
        told: list[StepRow] = []
        client = up(text(), "norules", host_rules=False, on_step=told.append)
        assert "dataplane" not in sh("nft list ruleset")
        assert "10.77" not in sh("ip route")
        assert any("table inet dataplane-norules" in row["by_hand"] for row in told)
        assert patient_curl(f"http://{HOST4}:8080/", "outside") == "172.31.255.1"
        assert (client.lab()["uplink"] or {})["relayed"] >= 1
        assert live.down("norules")


@in_world()
def test_a_changed_port_keeps_what_is_established() -> None:
    with outside(), lab(text(), "changing") as client:
        assert patient_curl(f"http://{HOST4}:8080/", "outside") == OUTSIDE4
        words = ["ip", "netns", "exec", "outside", "curl", "-s", "-m", "100", "--limit-rate", "20M", "-o", "/dev/null"]
        loading = subprocess.Popen([*words, "-w", "%{size_download}", f"http://{HOST4}:8080/60000000"], stdout=subprocess.PIPE)
        wait_for(lambda: sh(f"ip netns exec outside ss -tnH state established dst {HOST4}"), "it began")
        told = change(client, text(ports="'8081:80', '9000-9999:9000-9999/udp'"))
        assert not [row for row in told if "new namespace" in row["what"] or "restarts" in row["what"]]
        assert patient_curl(f"http://{HOST4}:8081/", "outside") == OUTSIDE4
        assert curl(f"http://{HOST4}:8080/", "outside", seconds=1) == ""
        assert loading.communicate(timeout=120)[0] == b"60000000"


@in_world()
def test_the_uplink_comes_goes_and_moves_while_the_lab_runs() -> None:
    with outside(), lab(text(), "moving") as client:
        before = sh("ip -o link")
        change(client, text(more="x-dataplane: {uplink: {kind: none}}", ports=""))
        assert "dp-moving" not in sh("ip -o link")
        assert "dataplane-moving" not in sh("nft list tables")
        change(client, text(more="x-dataplane: {uplink: {name: mine, address: 198.18.0.2/30, gateway: 198.18.0.1}}"))
        assert "198.18.0.1/30" in sh("ip -o address show mine")
        assert patient_curl("http://127.0.0.1:8080/") == "198.18.0.1"
        change(client, text())
        assert sh("ip -o link").count("\n") == before.count("\n")
        assert patient_curl(f"http://{HOST4}:8080/", "outside") == OUTSIDE4


@in_world()
def test_the_hosts_addresses_are_followed() -> None:
    with outside(), lab(text(), "follows") as client:
        sh("ip address add 198.51.100.77/24 dev eth0")
        wait_for(lambda: "198.51.100.77" in (client.lab()["uplink"] or {})["local"], "the new address is known")
        assert patient_curl(f"http://{HOST4}:8080/", "outside") == OUTSIDE4
        assert ok(client, "web", "curl", "-s", "-m", "4", "http://198.51.100.77:8080/")
        sh("ip address delete 198.51.100.77/24 dev eth0")
        wait_for(lambda: "198.51.100.77" not in (client.lab()["uplink"] or {})["local"], "it is forgotten")


@in_world()
def test_another_namespace_is_the_host() -> None:
    """``netns``: interface, rules and sockets are there; this one's stay as they are."""
    with outside():
        sh("ip netns add town; ip -n town link set lo up")
        before = state()
        more = "x-dataplane: {uplink: {netns: /run/netns/town}}"
        with lab(text(more=more), "away"):
            assert_same(before, state())
            assert "dp-away" in sh("ip -n town -o link")
            assert patient_curl("http://127.0.0.1:8080/", "town") == "172.31.255.1"
            assert curl("http://[::1]:8080/", "town") == "172.31.255.1"
        assert sh("ip netns exec town nft list ruleset") == ""
        up(text(more=more), "away")
        killed("away")
        assert live.down("away")
        assert sh("ip netns exec town nft list ruleset") == ""
        client = up(text(), "away")
        change(client, text(more=more))
        assert_same({"rules": before["rules"], "sysctls": before["sysctls"]}, state())
        assert patient_curl("http://127.0.0.1:8080/", "town") == "172.31.255.1"
        change(client, text())
        assert patient_curl("http://127.0.0.1:8080/") == "172.31.255.1"
        assert live.down("away")
        sh("ip netns delete town")


@in_world(user=True)
def test_an_ordinary_users_lab_says_once_that_it_has_no_way_out() -> None:
    for more in ("", "x-dataplane: {uplink: {kind: tap, name: mine}}"):
        told: list[StepRow] = []
        client = up(text(more=more), "inside", on_step=told.append)
        said = [row["what"] for row in told if "no way out" in row["what"]]
        assert said == ["no way out: this lab is an ordinary user's; it works inside, and nobody reaches its published ports"]
        change(client, text(more=more))
        assert live.down("inside")


@in_world()
def test_a_thousand_ports_take_milliseconds() -> None:
    with outside(), lab(text(ports="'9000-9999:9000-9999'"), "range") as client:
        assert len(list(Path(f"/proc/{client.lab()['pid']}/fd").iterdir())) < 1100
        assert Path("/run/dataplane/range/host.nft").read_text().count("9000-9999") == 1


@in_world()
def test_a_real_interface_by_a_packet_socket() -> None:
    """An address and a MAC of our own on the outside's network: nothing on the host changes, and it keeps its own traffic."""
    address = (
        "{kind: packet, name: eth0, address: [198.51.100.9/24, '2001:db8:51::9/64'], gateway: [198.51.100.2, '2001:db8:51::2']}"
    )
    with outside(), serving("outside", 8000):
        before = state()
        networks = "networks: {default: {enable_ipv6: true, driver_opts: {com.docker.network.bridge.gateway_mode_ipv6: nat}}}"
        web = text().split("networks:")[0]
        with lab(f"{web}\n{networks}\nx-dataplane: {{uplink: {address}}}", "packet") as client:
            assert_same(before, state())
            assert patient_curl("http://198.51.100.9:8080/", "outside") == OUTSIDE4
            assert patient_curl("http://[2001:db8:51::9]:8080/", "outside") == OUTSIDE6
            fetch = ["curl", "-s", "-m", "20"]
            assert ok(client, "web", *fetch, f"http://{OUTSIDE4}:8000/") == "198.51.100.9"
            assert ok(client, "web", *fetch, f"http://[{OUTSIDE6}]:8000/") == "2001:db8:51::9"
            size = "30000000"
            words = ["-o", "/dev/null", "-w", "%{size_download}"]
            assert ok(client, "web", *fetch, *words, f"http://{OUTSIDE4}:8000/{size}") == size
            assert (
                sh(f"ip netns exec outside curl -s -m 20 -o /dev/null -w '%{{size_download}}' http://198.51.100.9:8080/{size}")
                == size
            )
            sh(f"ping -c 1 -W 2 {OUTSIDE4}")


@in_world()
def test_labs_that_start_at_once_choose_different_subnets() -> None:
    with outside():
        file = f"services: {{web: {{image: host, command: [{PYTHON}, -c, {json.dumps(TELLER)}, '80'], ports: ['80']}}}}"
        names = [f"racer{n}" for n in range(4)]
        starting = []
        for name in names:
            if (pid := os.fork()) == 0:
                code = 1
                try:
                    up(file, name)
                    code = 0
                finally:
                    os._exit(code)
            starting.append(pid)
        assert [os.waitpid(pid, 0)[1] for pid in starting] == [0] * len(names)
        clients = [live.find(lab=name) for name in names]
        subnets = {pool["subnet"] for client in clients for network in client.lab()["networks"] for pool in network["pools"]}
        transfers = {address for client in clients for address in (client.lab()["uplink"] or {})["addresses"]}
        ports = {row["first"] for client in clients for row in client.lab()["published"]}
        assert (len(subnets), len(transfers), len(ports)) == (4, 4, 4)
        for port in ports:
            assert patient_curl(f"http://{HOST4}:{port}/", "outside") == OUTSIDE4
        assert all(live.down(name) for name in names)
