"""How a step says it would be done by hand."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest

from dataplane.netns.route import Route
from dataplane.netns.step import Step, entering, ip_step
from dataplane.proc.spec import NamespaceRef


@pytest.mark.parametrize(
    ("path", "owned", "ip", "other"),
    [
        ("/run/netns/shop-web", True, "ip -n shop-web link", "ip netns exec shop-web "),
        ("/run/netns/mine", False, "ip -n mine link", "ip netns exec mine "),
        ("/proc/1/ns/net", False, "ip link", ""),
        (
            "/proc/77/fd/5",
            True,
            "nsenter --user=/proc/77/ns/user --preserve-credentials --net=/proc/77/fd/5 ip link",
            "nsenter --user=/proc/77/ns/user --preserve-credentials --net=/proc/77/fd/5 ",
        ),
        ("/var/run/my ns", False, "nsenter --net='/var/run/my ns' ip link", "nsenter --net='/var/run/my ns' "),
    ],
)
def test_where_a_command_runs(path: str, owned: bool, ip: str, other: str) -> None:
    namespace = NamespaceRef("web", path, 1, owned)
    assert ip_step(namespace, "show", "link") == Step("show", ip)
    assert entering(namespace) == other


def test_routes_say_their_family() -> None:
    assert Route(destination=ip_network("::/0"), dev="eth0", via=ip_address("fd00::1")).words() == "::/0 via fd00::1 dev eth0"
    assert Route(destination=ip_network("10.0.0.0/8"), dev="eth0", metric=0).words() == "10.0.0.0/8 dev eth0 metric 0"
