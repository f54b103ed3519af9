"""The five cases of docs/gateways.md, each with TCP and with UDP through the engine; and ports that are bound to one address."""

from __future__ import annotations

import json
import os
import re
from ipaddress import ip_address

import pytest
from hosts import HOST4, HOST6, OUTSIDE4, OUTSIDE6, outside, sh
from labs import in_world, lab, ok, run, wait_for
from servers import ASK, ECHOER, PYTHON, TELLER, curl

from dataplane.live.client import Client

pytestmark = [pytest.mark.live, pytest.mark.skipif(os.geteuid() != 0, reason="an uplink needs root")]

BOTH = """
import subprocess, sys
for one in [subprocess.Popen([sys.executable, "-c", *words]) for words in (sys.argv[1:3], sys.argv[3:5])]: one.wait()
"""
SERVE = f'[{PYTHON}, -c, {json.dumps(BOTH)}, {json.dumps(TELLER)}, "80", {json.dumps(ECHOER)}, "53"]'
FILE = f"""
services:
  web:
    image: host
    command: {SERVE}
    networks: {{front: {{ipv4_address: 10.77.0.10, ipv6_address: "fd77::10"}}}}
    ports:
      ["8080:80", "5300:53/udp", "127.0.0.1:8082:80", "127.0.0.1:5302:53/udp",
       "{HOST4}:8083:80", "{HOST4}:5303:53/udp", "[::1]:8084:80"]
  mate: {{image: host, networks: [front]}}
  other: {{image: host, networks: [back]}}
networks:
  front: {{enable_ipv6: true, ipam: {{config: [{{subnet: 10.77.0.0/24}}, {{subnet: "fd77::/64"}}]}}}}
  back: {{enable_ipv6: true, ipam: {{config: [{{subnet: 10.78.0.0/24}}, {{subnet: "fd78::/64"}}]}}}}
"""
OURS = ("172.31.255.2", "172.31.255.1")  # of the transfer network: the engine's, the host's
QUICK = "0.4"  # seconds in which a machine answers itself


def bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def transfer(lab: str) -> tuple[str, ...]:
    """The host's address and the engine's on the IPv6 transfer network."""
    (host,) = re.findall(r"inet6 (\S+)/126", sh(f"ip -o -6 address show dp-{lab}"))
    return host, f"{ip_address(host) + 1}"


def asked(address: str, number: int, where: str = "", patience: str = "15") -> tuple[str, str]:
    """Whom TCP and UDP at an address see as their client, asked from a namespace; "" each where nobody answers."""
    enter = f"ip netns exec {where} " if where else ""
    datagram = sh(f"{enter}{PYTHON} -c '{ASK}' {address} {5300 + number} query {patience}", check=False).split()
    assert datagram[1:] in ([], ["query"])
    return curl(f"http://{bracketed(address)}:{8080 + number}/", where, seconds=float(patience)), "".join(datagram[:1])


def asked_by(client: Client, service: str, address: str, number: int, patience: str = "15") -> tuple[str, str]:
    """The same from inside a service."""
    words = ["curl", "-s", "-m", patience, f"http://{bracketed(address)}:{8080 + number}/"]
    datagram = run(client, service, PYTHON, "-c", ASK, address, str(5300 + number), "query", patience)[1].split()
    return run(client, service, *words)[1], "".join(datagram[:1])


def refused_by(client: Client, service: str, address: str, number: int) -> bool:
    """Nobody answers."""
    return asked_by(client, service, address, number, QUICK) == ("", "")


def listening(client: Client) -> None:
    wait_for(lambda: ":80 " in ok(client, "web", "ss", "-tln") and ":53 " in ok(client, "web", "ss", "-uln"), "both serve")


@in_world()
def test_five_cases_with_tcp_and_udp() -> None:
    with outside(), lab(FILE, "five") as client:
        listening(client)
        # 1: another machine, to the host's address: its own address is seen.
        assert asked(HOST4, 0, "outside") == (OUTSIDE4, OUTSIDE4)
        assert asked(HOST6, 0, "outside") == (OUTSIDE6, OUTSIDE6)
        # 2 and 3: the host, to 127.0.0.1 and to [::1]; and to its other addresses.
        assert asked("127.0.0.1", 0) == ("172.31.255.1", "172.31.255.1")
        assert asked("::1", 0) == ("172.31.255.1", "172.31.255.1")
        assert asked(HOST4, 0) == (HOST4, HOST4)
        assert asked(HOST6, 0) == (HOST6, HOST6)
        # 4: services to the host's address, the one that serves included: hairpin.
        for service in ("web", "mate", "other"):
            assert asked_by(client, service, HOST4, 0) == ("172.31.255.2", "172.31.255.2"), service
            assert asked_by(client, service, HOST6, 0) == (HOST6, HOST6), service
        # 5: services to a gateway's address, their own or another's.
        for service in ("web", "mate", "other"):
            for gateway in ("10.77.0.1", "10.78.0.1"):
                assert asked_by(client, service, gateway, 0) == ("172.31.255.2", "172.31.255.2"), service
            for gateway in ("fd77::1", "fd78::1"):
                assert "" not in asked_by(client, service, gateway, 0), service


@in_world()
def test_a_port_of_127_0_0_1_is_the_hosts_alone() -> None:
    """Not another container's, not the outside's: neither by the host's addresses nor by those of the transfer network."""
    with outside(), lab(FILE, "loopback") as client:
        listening(client)
        assert asked("127.0.0.1", 2) == ("172.31.255.1", "172.31.255.1")
        for service in ("web", "mate", "other"):
            for address in (*OURS, HOST4, "10.77.0.1", "10.78.0.1"):
                assert refused_by(client, service, address, 2), (service, address)
        ours = (*OURS, *transfer("loopback"))
        for address in ours:
            sh(f"ip -n outside route add {address} via {HOST6 if ':' in address else HOST4}")
        for address in (HOST4, HOST6, *ours):
            assert asked(address, 2, "outside", QUICK) == ("", ""), address
        # A frame for 127.0.0.1 from outside is a martian still: route_localnet is the TAP's alone.
        assert sh("cat /proc/sys/net/ipv4/conf/eth0/route_localnet") == "0\n"


@in_world()
def test_a_port_of_one_ipv6_loopback_is_the_hosts_alone() -> None:
    with outside(), lab(FILE, "loopback6") as client:
        listening(client)
        ours = (*OURS, *transfer("loopback6"))
        assert curl("http://[::1]:8084/") in ours
        for service in ("mate", "other"):
            for address in (*ours, HOST4, HOST6, "10.77.0.1", "fd77::1"):
                assert run(client, service, "curl", "-s", "-m", QUICK, f"http://{bracketed(address)}:8084/")[1] == "", address
        for address in (HOST4, HOST6):
            assert curl(f"http://{bracketed(address)}:8084/", "outside", seconds=1) == ""


@in_world()
def test_a_port_of_one_host_address_is_not_reached_by_others() -> None:
    with outside(), lab(FILE, "oneaddress") as client:
        listening(client)
        assert asked(HOST4, 3) == (HOST4, HOST4)
        assert asked(HOST4, 3, "outside") == (OUTSIDE4, OUTSIDE4)
        assert asked("127.0.0.1", 3, patience=QUICK) == ("", "")
        for service in ("mate", "other"):
            assert asked_by(client, service, HOST4, 3) == ("172.31.255.2", "172.31.255.2")
            for address in (*OURS, HOST6, "10.77.0.1", "10.78.0.1"):
                assert refused_by(client, service, address, 3), (service, address)
