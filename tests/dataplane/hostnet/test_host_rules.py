"""What a plan asks of the host: from Compose files to host rules."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

from dataplane import compose
from dataplane.hostnet.rules import HostRules, host_rules, subnets
from dataplane.model import Plan
from dataplane.plan import make_plan

FRONT = "front: {ipam: {config: [{subnet: 10.77.0.0/24}]}%s}"
MODE4, MODE6 = "com.docker.network.bridge.gateway_mode_ipv4", "com.docker.network.bridge.gateway_mode_ipv6"


def planned(*networks: str, ports: str = "", uplink: str = "") -> Plan:
    body = "\n".join(f"  {line}" for line in networks)
    text = f"name: shop\nservices: {{web: {{image: host, networks: [front], ports: [{ports}]}}}}\nnetworks:\n{body}\n{uplink}"
    return make_plan(compose.load(text, text=True, environment={}), way_out=True)


def rules_of(*networks: str, ports: str = "", uplink: str = "") -> HostRules:
    found = host_rules(planned(*networks, ports=ports, uplink=uplink))
    assert found is not None
    return found


def test_a_network_that_leads_out_has_an_uplink_of_its_families() -> None:
    rules = rules_of(FRONT % "")
    assert (rules.tap, rules.table, rules.router(6)) == ("dp-shop", "dataplane-shop", None)
    assert rules.router(4) == ip_address("172.31.255.2")
    both = rules_of("front: {enable_ipv6: true}")
    assert both.router(6) is not None


def test_no_uplink_or_a_real_interface_asks_nothing_of_the_host() -> None:
    assert host_rules(planned(FRONT % ", internal: true")) is None
    assert host_rules(planned(FRONT % "", uplink="x-dataplane: {uplink: {kind: none}}")) is None
    packet = "x-dataplane: {uplink: {kind: packet, name: eth0, address: 192.0.2.9/24, gateway: 192.0.2.1}}"
    assert host_rules(planned(FRONT % "", uplink=packet)) is None


def test_published_ports_are_ways() -> None:
    one, two = rules_of(FRONT % "", ports="'8080:80', '127.0.0.1:9000-9999:9000-9999/udp'").ways
    assert (one.protocol, one.first, one.last, one.transfer, one.host_ip, one.versions) == ("tcp", 8080, 8080, 8080, None, (4,))
    assert (two.protocol, two.first, two.last, two.host_ip) == ("udp", 9000, 9999, ip_address("127.0.0.1"))


def test_two_addresses_with_one_number_get_numbers_of_their_own_on_the_way() -> None:
    ways = rules_of(FRONT % "", ports="'127.0.0.1:8080:80', '192.0.2.1:8080:81'").ways
    assert [way.first for way in ways] == [8080, 8080]
    assert len({way.transfer for way in ways}) == 2


def test_routed_networks_keep_their_addresses_outside() -> None:
    routed = ip_network("10.77.0.0/24")
    assert rules_of(FRONT % "").routed == ()
    assert rules_of(FRONT % f", driver_opts: {{{MODE4}: routed}}").routed == (routed,)
    assert rules_of(FRONT % ", driver_opts: {com.docker.network.bridge.enable_ip_masquerade: 'false'}").routed == (routed,)
    six = "front: {enable_ipv6: true, ipam: {config: [{subnet: 'fd01::/64'}]}%s}"
    assert rules_of(six % "").routed == ()
    assert rules_of(six % f", driver_opts: {{{MODE6}: routed}}").routed == (ip_network("fd01::/64"),)


def test_a_source_address_of_its_own() -> None:
    rules = rules_of(FRONT % ", driver_opts: {com.docker.network.host_ipv4: 198.51.100.7}")
    assert rules.sources == ((ip_network("10.77.0.0/24"), ip_address("198.51.100.7")),)


def test_the_host_reaches_every_network_that_has_a_gateway() -> None:
    back = "back: {internal: true, ipam: {config: [{subnet: 10.78.0.0/24}]}}"
    alone = f"alone: {{internal: true, ipam: {{config: [{{subnet: 10.79.0.0/24}}]}}, driver_opts: {{{MODE4}: isolated}}}}"
    assert list(subnets(planned(FRONT % "", back, alone))) == [ip_network("10.77.0.0/24"), ip_network("10.78.0.0/24")]
