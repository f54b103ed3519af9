"""Neighbors on one host, two labs or containers that the host masquerades (Docker's): they reach published ports and no more."""

from __future__ import annotations

import json
import os
import re

import pytest
from hosts import HOST4, HOST6, outside, sh
from labs import in_world, lab, run
from servers import PYTHON, TELLER, curl, patient_curl

from dataplane.live.client import Client

pytestmark = [pytest.mark.live, pytest.mark.skipif(os.geteuid() != 0, reason="an uplink needs root")]

OPTION = "com.docker.network.bridge.gateway_mode_ipv4"
RIVAL = "172.17.0.2"


def text(net: int, port: int) -> str:
    return f"""
services:
  web:
    image: host
    command: [{PYTHON}, -c, {json.dumps(TELLER)}, "80"]
    ports: ["{port}:80", "127.0.0.1:{port + 1}:80"]
    networks: {{front: {{ipv4_address: 10.{net}.0.10, ipv6_address: "fd{net}::10"}}}}
  routed:
    image: host
    command: [{PYTHON}, -c, {json.dumps(TELLER)}, "8000"]
    networks: {{routed: {{ipv4_address: 10.{net}.1.10}}}}
networks:
  front: {{enable_ipv6: true, ipam: {{config: [{{subnet: 10.{net}.0.0/24}}, {{subnet: "fd{net}::/64"}}]}}}}
  routed: {{driver_opts: {{{OPTION}: routed}}, ipam: {{config: [{{subnet: 10.{net}.1.0/24}}]}}}}
"""


def fetched(client: Client, host: str, port: int = 80) -> str:
    return run(client, "web", "curl", "-s", "-m", "1", f"http://{host}:{port}/")[1]


@in_world()
def test_two_labs_reach_each_others_published_ports_and_nothing_else() -> None:
    with outside(), lab(text(71, 8000), "labone") as one, lab(text(72, 9000), "labtwo") as two:
        for net in (71, 72):
            assert patient_curl(f"http://10.{net}.0.10/"), "the host reaches both"
        for client, net, port in ((one, 72, 9000), (two, 71, 8000)):
            assert fetched(client, f"10.{net}.0.10") == ""
            assert fetched(client, f"10.{net}.1.10", 8000) == ""
            for host in ("172.31.255.1", "172.31.255.2", "172.31.255.5", "172.31.255.6"):
                assert fetched(client, host, port + 1) == "", host
            assert fetched(client, HOST4, port)
            assert fetched(client, f"[{HOST6}]", port)


@in_world()
def test_containers_that_the_host_masquerades_are_not_the_host() -> None:
    with outside(), lab(text(71, 8000), "labone"):
        sh("ip netns add rival; ip link add docker0 type veth peer name eth0 netns rival; ip address add 172.17.0.1/24 dev docker0")
        sh("ip link set docker0 up; sysctl -w net.ipv4.conf.docker0.forwarding=1; ip -n rival link set eth0 up")
        sh(f"ip -n rival address add {RIVAL}/24 dev eth0; ip -n rival route add default via 172.17.0.1")
        sh("nft add table ip rival; nft 'add chain ip rival post { type nat hook postrouting priority srcnat; }'")
        sh("nft 'add rule ip rival post ip saddr 172.17.0.0/24 oifname != docker0 masquerade'")
        assert patient_curl("http://10.71.0.10/") == "172.31.255.1"
        assert curl("http://10.71.0.10/", "rival", seconds=1) == ""
        assert curl("http://10.71.1.10:8000/", "rival", seconds=1) == ""
        for host in ("172.31.255.2", "172.31.255.1", HOST4, "172.17.0.1"):
            assert curl(f"http://{host}:8001/", "rival", seconds=1) == "", host
        assert curl(f"http://{HOST4}:8000/", "rival") == RIVAL
        assert curl("http://172.17.0.1:8000/", "rival") == RIVAL
        sh("nft delete table ip rival; ip link delete docker0; ip netns delete rival")


SPOOF = """
import sys
from scapy.all import Ether, IP, IPv6, Raw, UDP, sendp
source, target, mac = sys.argv[1:4]
network = IPv6 if ":" in source else IP
for _ in range(3):
    packet = network(src=source, dst=target) / UDP(sport=5, dport=5300) / Raw(b"spoofed")
    sendp(Ether(dst=mac) / packet, iface="eth0", verbose=False)
"""


@in_world()
def test_nobody_outside_pretends_to_be_the_host() -> None:
    """A packet with the host's address on the transfer network as its source, which the engine trusts, for a container."""
    with outside(), lab(text(71, 8000), "labone") as client:
        assert patient_curl("http://[fd71::10]/"), "the host itself reaches it"
        before = datagrams(client)
        mac = sh("cat /sys/class/net/eth0/address").strip()
        (host6,) = re.findall(r"inet6 (\S+)/126", sh("ip -o -6 address show dp-labone"))
        for source, target in (("172.31.255.1", "10.71.0.10"), (host6, "fd71::10"), (HOST6, "fd71::10")):
            sh(f"ip netns exec outside {PYTHON} -c '{SPOOF}' {source} {target} {mac}")
        assert datagrams(client) == before


def datagrams(client: Client) -> list[str]:
    """What the service's kernel has counted of UDP to ports where nobody listens, in both families."""
    lines = run(client, "web", "cat", "/proc/net/snmp", "/proc/net/snmp6")[1].splitlines()
    return [line for line in lines if line.startswith(("Udp: ", "Udp6NoPorts"))]
