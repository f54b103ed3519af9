"""The lab's nftables table, compared with files that a person has read; and that a range is one element."""

from __future__ import annotations

from ipaddress import IPv4Interface, IPv6Interface, ip_address, ip_network
from pathlib import Path

import pytest

from dataplane.hostnet.rules import HostRules, Way
from dataplane.hostnet.script import removal, script

GOLDEN = Path(__file__).parent / "golden"
ROUTERS = {"router4": IPv4Interface("172.31.255.2/30"), "router6": IPv6Interface("fd00:ff::2/126")}
BOTH = (4, 6)

CASES = {
    "plain": HostRules(lab="shop", tap="dp-shop", router4=IPv4Interface("172.31.255.2/30")),
    "published": HostRules(
        lab="shop",
        tap="dp-shop",
        **ROUTERS,
        ways=(
            Way(protocol="tcp", first=8000, last=8999, transfer=8000, versions=BOTH),
            Way(protocol="tcp", first=80, last=80, transfer=80),
            Way(protocol="udp", first=53, last=53, transfer=53, host_ip=ip_address("127.0.0.1")),
            Way(protocol="udp", first=53, last=54, transfer=61000, host_ip=ip_address("10.0.0.1")),
            Way(protocol="tcp", first=443, last=443, transfer=443, host_ip=ip_address("0.0.0.0"), versions=BOTH),
            Way(protocol="tcp", first=22, last=22, transfer=22, host_ip=ip_address("fd00::1"), versions=(6,)),
            Way(protocol="tcp", first=23, last=23, transfer=23, host_ip=ip_address("::1"), versions=(6,)),
        ),
    ),
    "routed": HostRules(
        lab="shop",
        tap="dp-shop",
        **ROUTERS,
        routed=(ip_network("10.5.0.0/24"), ip_network("2001:db8:5::/64"), ip_network("10.6.0.0/24")),
        sources=((ip_network("10.7.0.0/24"), ip_address("198.51.100.7")),),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_table_is_as_read(name: str) -> None:
    assert script(CASES[name]) == (GOLDEN / f"{name}.nft").read_text()


def test_a_range_is_one_element() -> None:
    one = HostRules(lab="a", tap="dp-a", **ROUTERS, ways=(Way(protocol="tcp", first=20000, last=20999, transfer=20000),))
    text = script(one)
    assert "20000-20999" in text
    assert len(text) < 1500


def test_a_loopback_of_ipv6_is_never_translated() -> None:
    text = script(CASES["published"])
    assert " 23 " not in text
    assert "ip6 daddr { ::1, fe80::/10 } return" in text


def test_loading_replaces_what_was_there_in_one_transaction() -> None:
    assert script(CASES["plain"]).startswith(removal("dataplane-shop") + "table inet dataplane-shop {\n")
