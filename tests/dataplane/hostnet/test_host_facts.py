"""What the host has, asked in different ways."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

from dataplane.hostnet.facts import Facts


def test_what_is_behind_our_tap_is_not_what_it_is_in() -> None:
    addresses = {"dp-x": (ip_address("10.255.255.1"), ip_address("fd00:1::1")), "eth0": (ip_address("192.0.2.1"),)}
    destinations = ["10.255.255.0/30", "172.17.0.0/16", "fd00:1::/126", "fd00:2::/64"]
    routes = (*(("dp-x", ip_network(one)) for one in destinations), ("eth0", ip_network("192.0.2.0/24")))
    facts = Facts(addresses=addresses, routes=routes)
    assert facts.beyond("dp-x") == (ip_network("172.17.0.0/16"), ip_network("fd00:2::/64"))
    assert facts.beyond("dp-y") == ()
