"""Labs with a way out, whole: containers reach a server behind the host and serve in, with real programs at both ends."""

from __future__ import annotations

import hashlib
import json
import os

import pytest
from hosts import HOST4, HOST6, OUTSIDE4, OUTSIDE6, outside, sh
from labs import in_world, lab, ok, run, wait_for
from servers import ASK, BLOCK, ECHOER, MANY, PYTHON, TELLER, curl, serving

pytestmark = [pytest.mark.live, pytest.mark.skipif(os.geteuid() != 0, reason="an uplink needs root")]

FILE = f"""
services:
  web:
    image: host
    command: [{PYTHON}, -c, {json.dumps(TELLER)}, "80"]
    networks: {{front: {{ipv4_address: 10.77.0.10, ipv6_address: "fd77::10"}}}}
    ports: ["8080:80", "127.0.0.1:8082:80", "9000-9999:9000-9999/tcp"]
    extra_hosts: ["host.docker.internal:host-gateway"]
  mate:
    image: host
    command: [{PYTHON}, -c, {json.dumps(TELLER)}, "80"]
    networks: {{front: {{ipv4_address: 10.77.0.11, ipv6_address: "fd77::11"}}}}
  other: {{image: host, networks: [back]}}
  kept: {{image: host, networks: [inner]}}
networks:
  front: {{enable_ipv6: true, ipam: {{config: [{{subnet: 10.77.0.0/24}}, {{subnet: "fd77::/64"}}]}}}}
  back: {{enable_ipv6: true, ipam: {{config: [{{subnet: 10.78.0.0/24}}, {{subnet: "fd78::/64"}}]}}}}
  inner: {{internal: true, ipam: {{config: [{{subnet: 10.79.0.0/24}}]}}}}
"""
URL = ["curl", "-s", "-m", "4"]


@in_world()
def test_out_by_name_of_every_program() -> None:
    """curl, ping, DNS-like UDP and a route trace, IPv4 and IPv6."""
    with outside(), lab(FILE, "wayout") as client, serving("outside", 8000), serving("outside", 5300, program=ECHOER):
        for target, seen in ((OUTSIDE4, HOST4), (f"[{OUTSIDE6}]", HOST6)):
            assert ok(client, "web", *URL, f"http://{target}:8000/") == seen
            host = target.strip("[]")
            assert ok(client, "web", PYTHON, "-c", ASK, host, "5300", "query").split() == [seen, "query"]
            ok(client, "web", "ping", "-c", "2", "-i", "0.1", "-W", "2", host)
        _status, first = run(client, "web", "ping", "-c", "1", "-t", "1", "-W", "2", OUTSIDE4)
        _status, second = run(client, "web", "ping", "-c", "1", "-t", "2", "-W", "2", OUTSIDE4)
        assert "From 10.77.0.1" in first
        assert "From 172.31.255.1" in second
        _status, first = run(client, "web", "ping", "-c", "1", "-t", "1", "-W", "2", OUTSIDE6)
        assert "fd77::1" in first
        assert "default via 10.77.0.1 dev eth0" in ok(client, "web", "ip", "route")
        assert "default via fd77::1 dev eth0" in ok(client, "web", "ip", "-6", "route")


@in_world()
def test_published_ports_five_ways() -> None:
    with outside(), lab(FILE, "wayin") as client:
        wait_for(lambda: curl("http://10.77.0.10/"), "the service listens")
        # From another machine to the host's address: the client's own address is seen.
        assert curl(f"http://{HOST4}:8080/", "outside") == OUTSIDE4
        assert curl(f"http://[{HOST6}]:8080/", "outside") == OUTSIDE6
        # The host to 127.0.0.1, and to its other addresses.
        assert curl("http://127.0.0.1:8080/") == "172.31.255.1"
        assert curl("http://127.0.0.1:8082/") == "172.31.255.1"
        assert curl(f"http://{HOST4}:8080/") == HOST4
        # The host to [::1].
        assert curl("http://[::1]:8080/") == "172.31.255.1"
        # A container to the host's address and back: itself, its neighbour, another network's.
        for service in ("web", "mate", "other"):
            assert ok(client, service, *URL, f"http://{HOST4}:8080/") == "172.31.255.2", service
            assert ok(client, service, *URL, f"http://[{HOST6}]:8080/") == HOST6, service
        # Another network's container, to its own gateway's address.
        assert ok(client, "other", *URL, "http://10.78.0.1:8080/") == "172.31.255.2"
        # Of 127.0.0.1 only: nobody else.
        assert curl(f"http://{HOST4}:8082/", "outside", seconds=1) == ""


@in_world()
def test_networks_are_kept_apart() -> None:
    """Same network yes; another's container no; another's gateway yes; internal neither out nor in; the host reaches all."""
    with outside(), lab(FILE, "apart") as client, serving("outside", 8000):
        wait_for(lambda: curl("http://10.77.0.10/") and curl("http://10.77.0.11/"), "the services listen")
        assert ok(client, "mate", *URL, "http://10.77.0.10/") == "10.77.0.11"
        assert run(client, "other", *URL, "http://10.77.0.10/")[0] != 0
        for address in ("10.77.0.11", "[fd77::11]"):
            assert ok(client, "web", *URL, f"http://{address}/")
            assert run(client, "other", *URL, f"http://{address}/")[0] != 0
        # Without a word IPv6 is routed (Docker's mode): published ports are open by the container's own address.
        assert ok(client, "other", *URL, "http://[fd77::10]/")
        ok(client, "other", "ping", "-c", "1", "-W", "2", "10.77.0.1")
        assert run(client, "kept", *URL, f"http://{OUTSIDE4}:8000/")[0] != 0
        assert run(client, "kept", *URL, "http://10.77.0.10/")[0] != 0
        assert curl("http://10.77.0.10/") == "172.31.255.1"
        assert curl("http://[fd77::10]/") != ""
        sh("ping -c 1 -W 2 10.79.0.2")
        sh(f"ip -n outside route add 10.77.0.0/24 via {HOST4}")
        assert curl("http://10.77.0.10/", "outside", seconds=1) == ""


@in_world()
def test_a_container_reaches_a_service_on_the_host() -> None:
    """At the gateway's address in both families, by TCP and UDP, from an internal network too; and by host-gateway's name."""
    with outside(), lab(FILE, "tohost") as client, serving("", 7000), serving("", 7001, program=ECHOER):
        assert ok(client, "web", *URL, "http://host.docker.internal:7000/")
        assert ok(client, "web", *URL, "http://10.77.0.1:7000/")
        assert ok(client, "other", *URL, "http://10.78.0.1:7000/")
        assert ok(client, "web", *URL, f"http://{HOST4}:7000/")
        assert ok(client, "kept", *URL, "http://10.79.0.1:7000/") == "10.79.0.1"
        assert ok(client, "web", *URL, "http://[fd77::1]:7000/")
        assert ok(client, "web", *URL, f"http://[{HOST6}]:7000/")
        for host in ("host.docker.internal", "10.77.0.1", "172.31.255.1"):
            assert ok(client, "web", PYTHON, "-c", ASK, host, "7001", "query").split() == ["172.31.255.2", "query"]
        assert ok(client, "web", PYTHON, "-c", ASK, "fd77::1", "7001", "query").split()[1] == "query"


@in_world()
def test_two_hundred_connections_at_once_out_and_in() -> None:
    with outside(), lab(FILE, "many") as client, serving("outside", 8000):
        assert ok(client, "web", PYTHON, "-c", MANY, OUTSIDE4, "8000", "200").strip() == "200"
        assert sh(f"ip netns exec outside {PYTHON} -c '{MANY}' {HOST4} 8080 200").strip() == "200"


@in_world()
def test_a_gigabyte_comes_through_octet_for_octet() -> None:
    size = 1_000_000_000
    digest = hashlib.sha256()
    for begin in range(0, size, len(BLOCK)):
        digest.update(BLOCK[: size - begin])
    with outside(), lab(FILE, "giga") as client, serving("outside", 8000):
        for target in (OUTSIDE4, f"[{OUTSIDE6}]"):
            fetch = f"curl -sS -m 100 http://{target}:8000/{size} | sha256sum"
            assert ok(client, "web", "sh", "-c", fetch).split()[0] == digest.hexdigest()


@in_world()
def test_the_path_mtu_is_found_behind_a_narrow_link() -> None:
    """The host's link takes 1280 octets: it says so (RFC 1191, RFC 8201), the engine tells the container, which sends smaller."""
    with outside(mtu=1280), lab(FILE, "narrow") as client, serving("outside", 8000):
        client.exec("web", ["sh", "-c", "head -c 3000000 /dev/zero > /tmp/narrow-upload"], stdin=None)
        for target in (OUTSIDE4, f"[{OUTSIDE6}]"):
            ok(client, "web", *URL[:2], "-m", "20", "-T", "/tmp/narrow-upload", f"http://{target}:8000/x")
        _status, said = run(client, "web", "ping", "-c", "2", "-i", "0.2", "-M", "do", "-s", "1400", "-W", "1", OUTSIDE4)
        assert "mtu = 1280" in said or "mtu=1280" in said
        client.exec("web", ["rm", "/tmp/narrow-upload"], stdin=None)
