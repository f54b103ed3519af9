"""Programs that people use, through a lab's gateway and the host: dig to a DNS server, traceroute of every kind; IPv4 and IPv6."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory

import pytest
from hosts import OUTSIDE4, OUTSIDE6, outside, sh
from labs import in_world, lab, ok

pytestmark = [pytest.mark.live, pytest.mark.skipif(os.geteuid() != 0, reason="an uplink needs root")]

FILE = """
services:
  web: {image: host, networks: {front: {ipv4_address: 10.77.0.10, ipv6_address: "fd77::10"}}}
networks:
  front: {enable_ipv6: true, ipam: {config: [{subnet: 10.77.0.0/24}, {subnet: "fd77::/64"}]}}
"""
TEXTS = 40  # of 200 octets each: more than a datagram of 1,500 octets, which comes in fragments, or by TCP


@contextmanager
def dns_server(namespace: str) -> Iterator[None]:
    """dnsmasq, which knows host.example, and much.example with more TXT than fits into a packet."""
    with TemporaryDirectory() as folder:
        many = [f"--txt-record=much.example,{n:0200}" for n in range(TEXTS)]
        words = ["--keep-in-foreground", "--no-resolv", "--no-hosts", "--no-daemon", "--user=root", f"--pid-file={folder}/pid"]
        words += ["--edns-packet-max=16384", "--address=/host.example/192.0.2.7", "--address=/host.example/2001:db8::7"]
        server = subprocess.Popen(["ip", "netns", "exec", namespace, "dnsmasq", *words, *many], stderr=subprocess.DEVNULL)
        try:
            while ":53 " not in sh(f"ip netns exec {namespace} ss -uln"):
                assert server.poll() is None
                time.sleep(0.02)
            yield
        finally:
            server.kill()
            server.wait()


@in_world()
def test_dig_asks_a_dns_server_behind_the_host() -> None:
    """By UDP, in one datagram and in fragments, and by TCP."""
    with outside(), lab(FILE, "digs") as client, dns_server("outside"):
        for server in (OUTSIDE4, OUTSIDE6):
            dig = ("dig", f"@{server}", "+short", "+tries=3", "+time=10")
            for kind, address in (("A", "192.0.2.7"), ("AAAA", "2001:db8::7")):
                assert ok(client, "web", *dig, "+notcp", "host.example", kind) == f"{address}\n"
                assert ok(client, "web", *dig, "+tcp", "host.example", kind) == f"{address}\n"
            assert len(ok(client, "web", *dig, "+notcp", "+ignore", "+bufsize=16384", "much.example", "TXT").splitlines()) == TEXTS
            assert len(ok(client, "web", *dig, "+bufsize=512", "much.example", "TXT").splitlines()) == TEXTS  # truncated: by TCP


@in_world()
def test_traceroute_finds_both_gateways() -> None:
    """The engine, the host, the target: by UDP, ICMP echo and TCP (L3-6, NAT-26, NAT-30)."""
    with outside(), lab(FILE, "traces") as client:
        (host6,) = re.findall(r"inet6 (\S+)/126", sh("ip -o -6 address show dp-traces"))
        for family, first, second, target in (
            ("-4", "10.77.0.1", "172.31.255.1", OUTSIDE4),
            ("-6", "fd77::1", host6, OUTSIDE6),
        ):
            for way in ((), ("-I",), ("-T", "-p", "80")):
                said = ok(client, "web", "traceroute", family, *way, "-n", "-q", "1", "-w", "3", "-m", "6", target)
                hops = [line.split()[:2] for line in said.splitlines()[1:]]
                assert hops == [["1", first], ["2", second], ["3", target]], (way, said)
