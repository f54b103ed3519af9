"""``ports``: every form of Docker's and Compose's, and Docker's words for those that are none (DOCKER.md 1.7)."""

from ipaddress import ip_address

import pytest

from dataplane.compose import load
from dataplane.errors import UserError
from dataplane.model import PortBinding


def bindings(written: str, more: str = "") -> tuple[PortBinding, ...]:
    return load(f"services: {{web: {{image: host, ports: {written}{more}}}}}\n", environment={}).services["web"].ports


def binding(target: int, last: int | None = None, first: int = 0, to: int | None = None, ip: str | None = None, protocol="tcp"):
    return PortBinding(
        target=target,
        target_last=last or target,
        first=first,
        last=to or first,
        host_ip=ip_address(ip) if ip else None,
        protocol=protocol,
    )


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("[80]", binding(80)),
        ("['80']", binding(80)),
        ("['8080:80']", binding(80, first=8080)),
        ("[8080:80]", binding(80, first=8080)),
        ("['127.0.0.1:8080:80']", binding(80, first=8080, ip="127.0.0.1")),
        ("['127.0.0.1::80']", binding(80, ip="127.0.0.1")),
        ("[':8099:80']", binding(80, first=8099)),
        ("['[::1]:8080:80']", binding(80, first=8080, ip="::1")),
        ("['::1:8080:80']", binding(80, first=8080, ip="::1")),
        ("['53:53/udp']", binding(53, first=53, protocol="udp")),
        ("['9:9/SCTP']", binding(9, first=9, protocol="sctp")),
        ("['9000-9002:9000-9002']", binding(9000, 9002, 9000, 9002)),
        ("['8000-8010:80']", binding(80, first=8000, to=8010)),
        ("['3000-3005']", binding(3000, 3005)),
        ("['0:80']", binding(80)),
        ("[{target: 80}]", binding(80)),
        (
            "[{target: 80, published: '8080', host_ip: 10.0.0.9, protocol: udp, mode: host, name: w, app_protocol: http}]",
            binding(80, first=8080, ip="10.0.0.9", protocol="udp"),
        ),
        ("[{target: 80, published: 8000-8010}]", binding(80, first=8000, to=8010)),
        ("[{target: '80', published: 8080, host_ip: '::1', mode: ingress}]", binding(80, first=8080, ip="::1")),
    ],
)
def test_forms(written, expected):
    assert bindings(written) == (expected,)


@pytest.mark.parametrize(
    ("written", "place", "words"),
    [
        ("['99999:80']", "[0]", "invalid hostPort: 99999"),
        ("['80:99999']", "[0]", "invalid containerPort: 99999"),
        ("['80:0']", "[0]", "invalid containerPort: 0"),
        ("['x']", "[0]", "invalid containerPort: x"),
        ("['80:']", "[0]", "invalid containerPort: "),
        ("['81-80']", "[0]", "invalid containerPort: 81-80"),
        ("['-80']", "[0]", "invalid containerPort: -80"),
        ("['80-']", "[0]", "invalid containerPort: 80-"),
        ("['80:80/foo']", "[0]", "invalid proto: foo"),
        ("['300.1.1.1:80:80']", "[0]", "invalid IP address: 300.1.1.1"),
        ("['[fe80::1%eth0]:80:80']", "[0]", "invalid IP address: [fe80::1%eth0]"),
        ("['8000-8002:80-81']", "[0]", "invalid ranges specified for container and host Ports: 80-81 and 8000-8002"),
        ("['8000:80-81']", "[0]", "invalid ranges specified for container and host Ports: 80-81 and 8000"),
        ("[{published: 80}]", "[0]", '"target" is missing'),
        ("[{target: 0}]", "[0].target", "invalid containerPort: 0"),
        ("[{target: 80, published: http}]", "[0].published", "invalid hostPort: http"),
        ("[{target: 80, protocol: icmp}]", "[0].protocol", "invalid proto: icmp"),
        ("[{target: 80, host_ip: nowhere}]", "[0].host_ip", "invalid IP address: nowhere"),
        ("[{target: 80, mode: swarm}]", "[0].mode", '"swarm" is neither ingress nor host'),
        ("[{target: 80, publish: 80}]", "[0].publish", 'the key "publish" is unknown'),
        ("[true]", "[0]", "true or false stands where a text or a number or a mapping belongs"),
        ("'80:80'", "", "a text stands where a list of (a text or a number or a mapping) belongs"),
    ],
)
def test_wrong_forms(written, place, words):
    with pytest.raises(UserError) as caught:
        bindings(written)
    assert caught.value.what == words
    assert caught.value.where == f"<text>:1: services.web.ports{place}"
    assert caught.value.mend


def test_an_overlay_leads_to_other_hosts_and_publishes_nothing():
    text = (
        "services: {web: {image: host, ports: [80], networks: [NETS]}}\nnetworks:\n  front: {}\n  ov:\n    driver: overlay\n"
        "    driver_opts: {com.docker.network.driver.overlay.vxlanid_list: '7'}\n"
        "    ipam: {config: [{subnet: 10.0.9.0/24, ip_range: 10.0.9.0/25}]}\n"
        "x-dataplane: {underlay: {kind: udp, address: 192.0.2.2, peers: [192.0.2.3]}}\n"
    )
    alone = load(text.replace("NETS", "ov"), environment={})
    assert alone.services["web"].ports == ()
    assert alone.warnings == ("web: its ports are not published, as it is on no network that leads out",)
    beside = load(text.replace("NETS", "ov, front"), environment={})
    assert len(beside.services["web"].ports) == 1
    assert beside.warnings == ()


def test_without_a_network_of_its_own_a_service_publishes_nothing():
    with pytest.raises(UserError, match="conflicting options: port publishing and the container type network mode") as caught:
        load("services: {web: {image: host, ports: [80], network_mode: 'service:db'}, db: {image: host}}\n", environment={})
    assert caught.value.mend == "write ports on db"
    host = load("services: {web: {image: host, ports: [80], network_mode: host}}\n", environment={})
    assert host.services["web"].ports == ()
    assert host.warnings == ("web: Published ports are discarded when using host network mode",)
    for more in ("network_mode: none", "networks: [in]"):
        lab = load(
            f"services: {{web: {{image: host, ports: [80], {more}}}}}\nnetworks: {{in: {{internal: true}}}}\n", environment={}
        )
        assert lab.services["web"].ports == ()
        assert lab.warnings == ("web: its ports are not published, as it is on no network that leads out",)
