"""Our end of a link to the outside: what uplinks and underlays have in common, read, and every way to write it wrong."""

from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface

import pytest

from dataplane.compose import load
from dataplane.errors import UserError
from dataplane.outside import Outside

LINKS = ("uplink", "underlay")
ADDRESS = "address: 192.0.2.2/24"


def read(link: str, written: str) -> Outside:
    topology = load(f"services: {{web: {{image: host}}}}\nx-dataplane:\n  {link}: {{{written}}}\n", environment={})
    found = getattr(topology, link)
    assert isinstance(found, Outside)
    return found


@pytest.mark.parametrize("link", LINKS)
def test_everything_written(link):
    found = read(
        link,
        "kind: packet, name: eth9, address: [192.0.2.2/24, 'fd01::2/64'], gateway: ['fd01::1', 192.0.2.1], mac: 02-00-00-00-00-0A,"
        " gateway_mac: 02:00:00:00:00:01, netns: /run/netns/x, neighbors: {192.0.2.9: 02:00:00:00:00:09}, mtu: 9000",
    )
    assert found == type(found)(
        kind="packet",
        name="eth9",
        ipv4=IPv4Interface("192.0.2.2/24"),
        ipv6=IPv6Interface("fd01::2/64"),
        gateway4=IPv4Address("192.0.2.1"),
        gateway6=IPv6Address("fd01::1"),
        mac="02:00:00:00:00:0a",
        gateway_mac="02:00:00:00:00:01",
        netns="/run/netns/x",
        neighbors=((IPv4Address("192.0.2.9"), "02:00:00:00:00:09"),),
        mtu=9000,
    )


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize(
    ("written", "place", "words"),
    [
        (f"{ADDRESS}, name: 'a b'", ".name", '"a b" cannot name an interface'),
        (f"{ADDRESS}, netns: x", ".netns", '"x" is not an absolute path'),
        ("address: 192.0.2.2", ".address", '"192.0.2.2" has no prefix that anyone else is in'),
        ("address: 192.0.2.2/32", ".address", '"192.0.2.2/32" has no prefix that anyone else is in'),
        ("address: nowhere", ".address", '"nowhere" is not an address with a prefix'),
        ("address: 192.0.2.0/24", ".address", "192.0.2.0 is no address that a host may have on 192.0.2.0/24"),
        ("address: 192.0.2.255/24", ".address", "192.0.2.255 is no address that a host may have on 192.0.2.0/24"),
        ("address: 127.0.0.2/8", ".address", "127.0.0.2 is no address that a host may have on 127.0.0.0/8"),
        ("address: [192.0.2.2/24, 192.0.3.2/24]", ".address", "two IPv4 values stand under address"),
        (f"{ADDRESS}, gateway: 192.0.3.1", "", "the gateway 192.0.3.1 is no neighbor of our address there, 192.0.2.2/24"),
        (f"{ADDRESS}, gateway: 192.0.2.2", "", "the gateway 192.0.2.2 is no neighbor of our address there, 192.0.2.2/24"),
        (f"{ADDRESS}, gateway: 192.0.2.0", "", "the gateway 192.0.2.0 is no neighbor of our address there, 192.0.2.2/24"),
        (f"{ADDRESS}, gateway: 'fd01::1'", "", "the gateway fd01::1 is no neighbor of our address there"),
        (f"{ADDRESS}, mac: 03:00:00:00:00:01", ".mac", '"03:00:00:00:00:01" is a group address: no interface can have it'),
        (
            f"{ADDRESS}, mac: 02:00:00:00:00:01, gateway_mac: 02:00:00:00:00:01",
            ".gateway_mac",
            "02:00:00:00:00:01 is our own MAC too",
        ),
        (f"{ADDRESS}, neighbors: {{x: 02:00:00:00:00:01}}", ".neighbors.x", '"x" is not an IP address'),
        (
            f"{ADDRESS}, neighbors: {{10.0.0.1: 02:00:00:00:00:01}}",
            ".neighbors.10.0.0.1",
            "10.0.0.1 is not on the {link}'s network 192.0.2.0/24",
        ),
        (f"{ADDRESS}, mtu: 60", ".mtu", "60 is out of bounds"),
    ],
)
def test_wrong_ends(link, written, place, words):
    with pytest.raises(UserError) as caught:
        read(link, written)
    assert caught.value.what == words.format(link=link)
    assert caught.value.where.partition("[")[0] == f"<text>:3: x-dataplane.{link}{place}"
    assert caught.value.mend
