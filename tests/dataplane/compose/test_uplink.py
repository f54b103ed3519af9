"""``x-dataplane.uplink``, ``x-dataplane.nat`` and ``gateway_mac``: what is read, and every way to write it wrong."""

from ipaddress import IPv4Address, IPv4Network

import pytest

from dataplane.compose import load
from dataplane.errors import UserError
from dataplane.model import Topology
from dataplane.nat import Nat
from dataplane.uplink import Uplink

NO_NEIGHBOR = "the gateway {} is no neighbor of our address there"
FILTERS = "address-and-port-dependent, address-dependent, endpoint-independent"
PACKET = "{kind: packet, name: eth9, address: 192.0.2.2/24}"


def lab(uplink: str = "{}", nat: str = "{}") -> Topology:
    return load(f"services: {{web: {{image: host}}}}\nx-dataplane:\n  uplink: {uplink}\n  nat: {nat}\n", environment={})


def test_nothing_written_is_nothing_said():
    topology = load("services: {web: {image: host}}\n", environment={})
    assert (topology.uplink, topology.nat) == (None, Nat())
    assert lab().uplink == Uplink(kind="tap")
    assert lab("{kind: none}").uplink == Uplink(kind="none")


def test_all_of_nat_written():
    topology = lab(
        PACKET,
        "{mapping: endpoint-dependent, filtering: address-dependent, strict: true, timeouts: {udp: 30}, flows: 1000,"
        " addresses: [192.0.2.5, 192.0.2.6], static: {192.0.2.7: 172.17.0.2}, exclude: [10.9.0.0/16],"
        " mss: 1360, icmp_rate: 0}",
    )
    assert topology.nat == Nat(
        mapping="endpoint-dependent",
        filtering="address-dependent",
        strict=True,
        timeouts={"udp": 30},
        flows=1000,
        addresses=(IPv4Address("192.0.2.5"), IPv4Address("192.0.2.6")),
        static=((IPv4Address("192.0.2.7"), IPv4Address("172.17.0.2")),),
        exclude=(IPv4Network("10.9.0.0/16"),),
        mss=1360,
        icmp_rate=0,
    )
    assert lab(nat="{timeouts: linux}").nat == Nat(linux=True)
    assert lab(nat="{mss: clamp}").nat == Nat(mss="clamp")


@pytest.mark.parametrize(
    ("written", "place", "words"),
    [
        ("{kind: veth}", ".kind", '"veth" is none of tap, packet, none'),
        ("{kind: none, name: eth0}", "", "an uplink of kind none has no name"),
        ("{kind: packet}", "", "an uplink of kind packet needs name"),
        ("{kind: packet, name: eth0}", "", "an uplink of kind packet needs address"),
        ("{gateway: 192.0.2.1}", "", NO_NEIGHBOR.format("192.0.2.1")),
        ("{mtu: 60}", ".mtu", "60 is out of bounds"),
        ("{peer: x}", ".peer", 'the key "peer" is unknown'),
        ("tap", "", "a text stands where a mapping belongs"),
    ],
)
def test_wrong_uplinks(written, place, words):
    with pytest.raises(UserError) as caught:
        lab(written)
    assert (caught.value.what, caught.value.where.partition("[")[0]) == (words, f"<text>:3: x-dataplane.uplink{place}")
    assert caught.value.mend


@pytest.mark.parametrize(
    ("written", "place", "words"),
    [
        ("{mapping: symmetric}", ".mapping", '"symmetric" is none of endpoint-independent, endpoint-dependent'),
        (
            "{filtering: none}",
            ".filtering",
            f'"none" is none of {FILTERS}',
        ),
        ("{timeouts: bsd}", ".timeouts", '"bsd" is none of linux'),
        ("{timeouts: {udp: 0}}", ".timeouts.udp", "0 is out of bounds"),
        ("{timeouts: {tpc: 5}}", ".timeouts.tpc", 'the key "tpc" is unknown'),
        ("{flows: 1}", ".flows", "1 is out of bounds"),
        ("{addresses: [x]}", ".addresses[0]", '"x" is not an IP address'),
        ("{static: {x: 10.0.0.1}}", ".static.x", '"x" is not an IP address'),
        ("{static: {192.0.2.7: 'fd00::2'}}", ".static.192.0.2.7", "192.0.2.7 and fd00::2 are of two families"),
        ("{mss: pmtu}", ".mss", '"pmtu" is none of clamp'),
        ("{mss: 40}", ".mss", "40 is out of bounds"),
        ("{icmp_rate: -1}", ".icmp_rate", "-1 is out of bounds"),
        ("{exclude: [10.0.0.1/8]}", ".exclude[0]", 'the subnet "10.0.0.1/8" has host bits set'),
    ],
)
def test_wrong_nat(written, place, words):
    with pytest.raises(UserError) as caught:
        lab(PACKET, written)
    assert (caught.value.what, caught.value.where) == (words, f"<text>:4: x-dataplane.nat{place}")
    assert caught.value.mend


def test_public_addresses_need_a_network_that_has_them():
    with pytest.raises(UserError, match="addresses on the network of an uplink of kind packet"):
        lab("{kind: tap}", "{addresses: [192.0.2.5]}")


def test_a_network_may_give_its_gateways_mac():
    text = "services: {web: {image: host}}\nnetworks: {default: {x-dataplane: {gateway_mac: %s}}}\n"
    assert load(text % "02:00:00:00:00:fe", environment={}).networks["default"].gateway_mac == "02:00:00:00:00:fe"
    with pytest.raises(UserError, match="is not a MAC address") as caught:
        load(text % "nonsense", environment={})
    assert caught.value.where == "<text>:2: networks.default.x-dataplane.gateway_mac"
