"""The verbs about the gateway of a lab that runs: tables for people, JSON for programs, and flows that are forgotten."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hosts import assert_same, outside, state
from labs import in_world, lab, ok

from dataplane.proc.registry import holder, lab_folder

pytestmark = [pytest.mark.live, pytest.mark.skipif(os.geteuid() != 0, reason="an uplink needs root")]

ROOT = Path(__file__).resolve().parents[2]
FILE = """
services:
  web:
    image: host
    networks: {front: {ipv4_address: 10.77.0.10}}
    ports: ["8080:80", "127.0.0.1:9000-9009:9000-9009/udp"]
  other: {image: host, networks: [back]}
networks:
  front: {ipam: {config: [{subnet: 10.77.0.0/24}]}}
  back: {internal: true, ipam: {config: [{subnet: 10.79.0.0/24}]}}
"""


def said(*words: str) -> str:
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "dataplane", *words], env=env, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, ""), done
    return done.stdout


def told(*words: str) -> object:
    return json.loads(said(*words, "--json"))


@in_world()
def test_up_says_what_it_changes_on_the_host_and_down_what_it_took_back() -> None:
    """With -v: every sysctl of our own interface too; each line with the command that does it."""
    with outside(), TemporaryDirectory() as folder:
        file = Path(folder) / "compose.yaml"
        file.write_text(f"name: tells\n{FILE}".replace("front: {ipam", "front: {enable_ipv6: true, ipam"))
        before = state()
        page = said("up", "-d", str(file))
        assert "IPv4 forwarding of eth0: 0 -> 1" in page
        assert "accept_dad" not in page
        assert "IPv4 forwarding of eth0: 1 -> 0" not in said("down", str(file))
        assert_same(before, state())
        page = said("up", "-d", "-v", str(file))
        ours = dict(re.findall(r"net/ipv[46]/conf/dp-tells/(\w+)=(\w+)", page))
        changed = {"forwarding": "1", "route_localnet": "1", "send_redirects": "0", "accept_dad": "0", "accept_ra": "0"}
        assert ours.items() >= changed.items()
        page = said("down", "-v", str(file))
        for words in ("ip link delete dp-tells", "nft delete table inet dataplane-tells", "net/ipv4/conf/eth0/forwarding=0"):
            assert words in page
        assert_same(before, state())
        said("up", "-d", str(file))
        known = holder(lab_folder("tells"))
        assert known is not None
        os.kill(known[0], signal.SIGKILL)
        page = said("down", "-v", str(file))
        assert "nft delete table inet dataplane-tells" in page
        assert "net/ipv4/conf/eth0/forwarding=0" in page
        assert_same(before, state())


@in_world()
def test_every_verb_on_a_running_lab() -> None:
    with lab(FILE, "verbs") as client:
        ok(client, "web", "ping", "-c", "1", "-W", "2", "172.31.255.1")
        assert [(row["instance"], row["host_ip"], row["host"], row["container"]) for row in told("port", "web")] == [
            ("web", None, "8080", "80"),
            ("web", "127.0.0.1", "9000-9009", "9000-9009"),
        ]
        assert said("port").splitlines()[1].split() == ["web", "80/tcp", "0.0.0.0:8080", "10.77.0.10:80"]
        routes = {(row["destination"], row["interface"]) for row in told("routes")}
        assert routes >= {("10.77.0.0/24", "front"), ("10.79.0.0/24", "back"), ("0.0.0.0/0", "uplink")}
        assert {row["interface"] for row in told("neighbors")} >= {"front", "uplink"}
        assert {row["kind"] for row in told("rules")} == {"isolation", "snat", "dnat"}
        assert {row["network"] for row in told("rules", "back")} == {"back"}
        assert told("nat") == [
            {"kind": "snat", "protocol": "icmp", "inside": row["inside"], "outside": row["outside"], "flows": 1}
            for row in told("nat")
        ]
        found = told("conntrack", "-p", "icmp", "-s", "10.77.0.10")
        assert (found["count"], found["flows"][0]["target"], found["flows"][0]["reply_target"]) == (
            1,
            "172.31.255.1",
            "172.31.255.2",
        )
        assert said("conntrack", "--count") == "1\n"
        assert said("conntrack", "-d", "192.0.2.1") == "No such flow.\n"
        assert said("conntrack", "--delete", "-p", "icmp") == "1 forgotten.\n"
        assert said("conntrack") == "No flow is known.\n"
        assert "router" in said("graph", "--lab", "verbs")
        refused = subprocess.run(
            [sys.executable, "-m", "dataplane", "rules", "frnt"],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert (refused.returncode, refused.stderr.splitlines()[0]) == (1, "dataplane: lab verbs has no network frnt")
