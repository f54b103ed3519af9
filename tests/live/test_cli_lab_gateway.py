"""The verbs about the gateway of a lab that runs: tables for people, JSON for programs, and flows that are forgotten."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from labs import in_world, lab, ok

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
