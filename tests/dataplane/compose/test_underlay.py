"""``x-dataplane.underlay`` and networks of ``driver: overlay``: what is read, and every way to write it wrong."""

from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface

import pytest

from dataplane.compose import load
from dataplane.errors import UserError
from dataplane.model import Topology
from dataplane.underlay import Peer, Station, Underlay

FOUR, SIX = IPv4Address, IPv6Address
VNI = "com.docker.network.driver.overlay.vxlanid_list"


def lab(underlay: str, network: str = "{}") -> Topology:
    return load(
        f"services: {{web: {{image: host, networks: [other]}}}}\nx-dataplane:\n  underlay: {underlay}\nnetworks:\n  other: {{}}\n"
        f"  ov: {network}\n",
        environment={},
    )


def overlay(
    ipam: str = "[{subnet: 10.0.9.0/24, ip_range: 10.0.9.0/25}]", more: str = "", below: str = "", opts: str = ""
) -> Topology:
    top = below or "{kind: udp, address: 192.0.2.2, peers: [192.0.2.3]}"
    options = f"    driver_opts: {{{VNI}: '7'}}\n"
    return load(
        "services: {web: {image: host, networks: [ov]}}\nnetworks:\n  ov:\n    driver: overlay\n"
        f"    ipam: {{config: {ipam}}}\n{opts or options}{more}x-dataplane:\n  underlay: {top}\n",
        environment={},
    )


def test_nothing_written_is_nothing_said():
    assert load("services: {web: {image: host}}\n", environment={}).underlay is None


def test_everything_written():
    written = (
        "{kind: packet, name: eth9, address: [192.0.2.2/24, 'fd01::2/64'], gateway: ['fd01::1', 192.0.2.1], mac: 02-00-00-00-00-0A,"
        " gateway_mac: 02:00:00:00:00:01, netns: /run/netns/x, neighbors: {192.0.2.9: 02:00:00:00:00:09}, mtu: 9000, port: 8472,"
        " peers: ['fd01::7', {address: 192.0.2.3, mac: 02:00:00:00:00:03, endpoints: [10.0.9.5, {mac: 02:00:00:00:00:05,"
        " address: ['fd00:9::5', 10.0.9.6]}, {mac: 02:00:00:00:00:07}]}]}"
    )
    assert lab(written).underlay == Underlay(
        kind="packet",
        name="eth9",
        ipv4=IPv4Interface("192.0.2.2/24"),
        ipv6=IPv6Interface("fd01::2/64"),
        gateway4=FOUR("192.0.2.1"),
        gateway6=SIX("fd01::1"),
        mac="02:00:00:00:00:0a",
        gateway_mac="02:00:00:00:00:01",
        netns="/run/netns/x",
        neighbors=((FOUR("192.0.2.9"), "02:00:00:00:00:09"), (FOUR("192.0.2.3"), "02:00:00:00:00:03")),
        mtu=9000,
        port=8472,
        peers=(
            Peer(address=SIX("fd01::7")),
            Peer(
                address=FOUR("192.0.2.3"),
                mac="02:00:00:00:00:03",
                endpoints=(
                    Station(mac="02:42:0a:00:09:05", addresses=(FOUR("10.0.9.5"),)),
                    Station(mac="02:00:00:00:00:05", addresses=(FOUR("10.0.9.6"), SIX("fd00:9::5"))),
                    Station(mac="02:00:00:00:00:07"),
                ),
            ),
        ),
    )


def test_sockets_have_the_hosts_address_with_or_without_its_prefix():
    for address in ("192.0.2.2", "192.0.2.2/32"):
        assert lab(f"{{kind: udp, address: {address}}}").underlay == Underlay(kind="udp", ipv4=IPv4Interface("192.0.2.2/32"))


def test_a_network_has_peers_of_its_own_on_the_labs_underlay_or_an_underlay_of_its_own():
    first = "{driver: overlay, ipam: {config: [{subnet: 10.0.9.0/24}]}, x-dataplane: {underlay: {peers: [192.0.2.9]}}}"
    network = lab("{kind: udp, address: 192.0.2.2, peers: [192.0.2.3]}", first).networks["ov"]
    assert (network.underlay, network.peers) == (None, (Peer(address=FOUR("192.0.2.9")),))
    second = "{driver: overlay, ipam: {config: [{subnet: 10.0.9.0/24}]}, x-dataplane: {underlay: {kind: udp, address: 192.0.2.9}}}"
    network = lab("{kind: udp, address: 192.0.2.2, peers: [192.0.2.3]}", second).networks["ov"]
    assert (network.underlay, network.peers) == (Underlay(kind="udp", ipv4=IPv4Interface("192.0.2.9/32")), None)


UDP = "{{kind: udp, address: 192.0.2.2, {}}}"


@pytest.mark.parametrize(
    ("written", "place", "words"),
    [
        ("{kind: veth}", ".kind", '"veth" is none of tap, packet, udp'),
        ("{}", "", "an underlay needs address"),
        ("{kind: packet, address: 192.0.2.2/24}", "", "an underlay of kind packet needs name"),
        ("{kind: packet, name: eth0}", "", "an underlay needs address"),
        ("{kind: udp, address: nowhere}", ".address", '"nowhere" is not an address'),
        ("{kind: udp, address: 0.0.0.0}", ".address", "0.0.0.0 is no address that a host may have on 0.0.0.0/32"),
        ("{address: 192.0.2.2/24, mtu: 500}", ".mtu", "500 is out of bounds"),
        ("{address: 192.0.2.2/24, port: 0}", ".port", "0 is out of bounds"),
        (UDP.format("gateway: 192.0.2.1"), ".gateway", "an underlay of kind udp has no gateway: the host routes"),
        (UDP.format("neighbors: {}"), ".neighbors", "an underlay of kind udp has no neighbors: the host routes"),
        (UDP.format("peers: [{}]"), ".peers", "the peer needs address"),
        (UDP.format("peers: [x]"), ".peers", '"x" is not an IP address'),
        (UDP.format("peers: [{address: 192.0.2.2}]"), ".peers[0].address", "192.0.2.2 is our own address"),
        (UDP.format("peers: [239.0.0.1]"), ".peers", "239.0.0.1 is a group"),
        (UDP.format("peers: [127.0.0.1]"), ".peers", "127.0.0.1 is no other host's address"),
        (UDP.format("peers: ['fd00::1']"), ".peers", "the peer fd00::1 is IPv6, and the underlay is not"),
        (UDP.format("peers: [192.0.2.3, {address: 192.0.2.3}]"), ".peers", "the peer 192.0.2.3 stands here twice"),
        (
            UDP.format("peers: [{address: 192.0.2.3, mac: 02:00:00:00:00:03}]"),
            ".peers[0].mac",
            "a peer of an underlay of kind udp has no mac: the host finds it",
        ),
        (
            "{address: 192.0.2.2/24, peers: [{address: 10.0.0.3, mac: 02:00:00:00:00:03}]}",
            ".peers[0].mac",
            "10.0.0.3 is not on the underlay's network 192.0.2.0/24",
        ),
        (UDP.format("peers: [{address: 192.0.2.3, endpoints: ['fd00::5']}]"), ".peers[0].endpoints", "the endpoint needs mac"),
        (UDP.format("peers: [{address: 192.0.2.3, endpoints: [{}]}]"), ".peers[0].endpoints", "the endpoint needs mac"),
        (
            UDP.format("peers: [{address: 192.0.2.3, endpoints: [{mac: x}]}]"),
            ".peers[0].endpoints[0].mac",
            '"x" is not a MAC address',
        ),
        (UDP.format("peers: [{address: 192.0.2.3, endpoint: []}]"), ".peers[0].endpoint", 'the key "endpoint" is unknown'),
        (UDP.format("vni: 7"), ".vni", 'the key "vni" is unknown'),
    ],
)
def test_wrong_underlays(written, place, words):
    with pytest.raises(UserError) as caught:
        lab(written)
    assert caught.value.what == words
    assert caught.value.where.startswith(f"<text>:3: x-dataplane.underlay{place}")
    assert caught.value.mend


@pytest.mark.parametrize(
    ("network", "place", "words"),
    [
        (
            "{x-dataplane: {underlay: {peers: [192.0.2.3]}}}",
            ".x-dataplane.underlay",
            "a network of the driver bridge has no underlay",
        ),
        (
            "{driver: overlay, x-dataplane: {gateway_mac: 02:00:00:00:00:01}}",
            ".x-dataplane.gateway_mac",
            "an overlay has no gateway of its own",
        ),
        ("{driver: overlay}", "", "an overlay needs its IPv4 subnet, the same on every host"),
        (
            "{driver: overlay, enable_ipv6: true, ipam: {config: [{subnet: 10.0.9.0/24}]}}",
            ".ipam.config",
            "an overlay needs its IPv6 subnet, the same on every host",
        ),
    ],
)
def test_wrong_networks(network, place, words):
    with pytest.raises(UserError) as caught:
        lab("{kind: udp, address: 192.0.2.2}", network)
    assert (caught.value.what, caught.value.where) == (words, f"<text>:6: networks.ov{place}")
    assert caught.value.mend


def test_an_overlay_needs_an_underlay():
    with pytest.raises(UserError) as caught:
        lab("", "{driver: overlay}")
    assert (caught.value.what, caught.value.where) == ("an overlay needs an underlay", "<text>:6: networks.ov.driver")
    with pytest.raises(UserError, match="peers stand here without an underlay"):
        lab("", "{driver: overlay, x-dataplane: {underlay: {peers: [192.0.2.3]}}}")


def test_addresses_left_open_need_a_range_of_this_hosts_own():
    """Two hosts that choose from one range choose the same."""
    assert overlay().networks["ov"].driver == "overlay"
    with pytest.raises(UserError) as caught:
        overlay("[{subnet: 10.0.9.0/24}]")
    assert caught.value.what == "the address of web on 10.0.9.0/24 is left open, and another host may choose the same"
    assert caught.value.where == "<text>:5: networks.ov.ipam.config"
    assert "ip_range: 10.0.9.0/25" in caught.value.mend
    assert "ipv4_address" in caught.value.mend


def test_an_mtu_that_cannot_work_is_warned_of():
    assert overlay().warnings == ()
    mtu = "    driver_opts: {com.docker.network.driver.mtu: '1500', " + VNI + ": '7'}\n"
    text = (
        "services: {web: {image: host, networks: [ov]}}\nnetworks:\n  ov:\n    driver: overlay\n"
        f"    ipam: {{config: [{{subnet: 10.0.9.0/24, ip_range: 10.0.9.0/25}}]}}\n{mtu}"
        "x-dataplane: {underlay: {kind: udp, address: 192.0.2.2, peers: [192.0.2.3], MTU}}\n"
    )
    warnings = load(text.replace(", MTU", ""), environment={}).warnings
    assert len(warnings) == 1
    assert "network ov: an MTU of 1500 does not fit an underlay of 1500, where VXLAN takes 50" in warnings[0]
    assert load(text.replace("MTU}", "mtu: 1550}"), environment={}).warnings == ()


def test_an_overlay_that_reaches_nobody_is_warned_of():
    below = "{kind: udp, address: 192.0.2.2}"
    (warning,) = overlay(below=below).warnings
    assert warning.startswith("network ov: it has neither peers nor a group, and reaches no other host")
    grouped = "    driver_opts: {" + VNI + ": '7', dataplane.group: 239.1.1.1}\n"
    assert overlay(below=below, opts=grouped).warnings == ()


def test_a_name_that_a_vtep_needs_is_taken():
    below = "    x-dataplane: {underlay: {kind: udp, address: 192.0.2.9}}\n"
    with pytest.raises(UserError, match=r'two ports would be called "vtep\.ov"'):
        load(
            "services: {vtep: {image: host, networks: [ov]}}\nnetworks:\n  ov:\n    driver: overlay\n"
            f"    ipam: {{config: [{{subnet: 10.0.9.0/24, ip_range: 10.0.9.0/25}}]}}\n{below}",
            environment={},
        )
