"""Links, addresses, routes and sysctls through pyroute2: they work, they can be done by hand, and refusals say which step."""

from __future__ import annotations

import json
import os
import subprocess
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
from private_world import as_root_and_as_user, in_lab, needs_root

from dataplane.errors import UserError
from dataplane.netns.address import add_address, delete_address
from dataplane.netns.ipv6 import set_ipv6, set_sysctl
from dataplane.netns.link import delete, rename, set_down, set_mac, set_mtu, set_up
from dataplane.netns.route import Route, add_route, delete_route
from dataplane.netns.step import Step, entering
from dataplane.proc.helper import Helper
from dataplane.proc.spec import NamespaceRef

pytestmark = [pytest.mark.live, needs_root]


def set_up_all(helper: Helper, namespace: NamespaceRef) -> list[Step]:
    default = Route(destination=ip_network("0.0.0.0/0"), dev="eth0", via=ip_address("10.1.0.1"))
    with helper.netlink(namespace) as ip:
        return [
            set_up(ip, namespace, "lo"),
            set_down(ip, namespace, "tmp"),
            rename(ip, namespace, "tmp", "eth0"),
            set_mac(ip, namespace, "eth0", "02:42:0a:01:00:02"),
            set_mtu(ip, namespace, "eth0", 1400),
            set_ipv6(helper, namespace, "eth0", True),
            set_up(ip, namespace, "eth0"),
            add_address(ip, namespace, "eth0", ip_address("10.1.0.2"), 16),
            add_address(ip, namespace, "eth0", ip_address("10.1.0.3"), 16),
            delete_address(ip, namespace, "eth0", ip_address("10.1.0.3"), 16),
            add_address(ip, namespace, "eth0", ip_address("fd00::2"), 64),
            add_route(ip, namespace, default),
            add_route(ip, namespace, Route(destination=ip_network("::/0"), dev="eth0", via=ip_address("fd00::1"), metric=7)),
            add_route(ip, namespace, Route(destination=ip_network("10.9.0.0/16"), dev="eth0")),
            delete_route(ip, namespace, Route(destination=ip_network("10.9.0.0/16"), dev="eth0")),
            set_sysctl(helper, namespace, "net.ipv4.ip_forward", "1"),
        ]


def seen(namespace: NamespaceRef) -> dict[str, object]:
    """What ``ip`` shows, without what differs between any two devices."""
    found: dict[str, object] = {}
    for command in ("addr", "route", "-6 route"):
        text = subprocess.run(f"{entering(namespace)}ip -j {command}", shell=True, check=True, capture_output=True).stdout
        found[command] = json.loads(text or "[]")
    for link in found["addr"]:  # type: ignore[attr-defined]
        link.pop("ifindex")
    forward = subprocess.run(f"{entering(namespace)}sysctl -n net.ipv4.ip_forward", shell=True, check=True, capture_output=True)
    return {**found, "forward": forward.stdout}


@as_root_and_as_user
def test_each_step_can_be_done_by_hand(user: bool) -> None:
    """The commands that the steps name, run by a shell in a second namespace, lead to the same."""

    def work(helper: Helper) -> None:
        ours, theirs = helper.create_namespace("ours"), helper.create_namespace("theirs")
        taps = [helper.open_tap(namespace, "tmp") for namespace in (ours, theirs)]
        steps = set_up_all(helper, ours)
        for step in steps:
            command = step.by_hand.replace(ours.path, theirs.path).replace(f"{helper.lab}-ours", f"{helper.lab}-theirs")
            assert command != step.by_hand
            subprocess.run(command, shell=True, check=True, stdout=subprocess.DEVNULL)
        assert seen(ours) == seen(theirs)
        addresses = {a["local"]: a for link in seen(ours)["addr"] for a in link["addr_info"]}  # type: ignore[attr-defined]
        assert set(addresses) == {"127.0.0.1", "::1", "10.1.0.2", "fd00::2", "fe80::42:aff:fe01:2"}
        # At once: none waits for duplicate address detection.
        assert not [a for a in addresses.values() if a.get("tentative")]
        for fd in taps:
            os.close(fd)

    in_lab(work, user=user)


@as_root_and_as_user
def test_refusals_name_the_step(user: bool) -> None:
    def work(helper: Helper) -> None:
        namespace = helper.create_namespace("web")
        fd = helper.open_tap(namespace, "eth0")
        with helper.netlink(namespace) as ip:
            with pytest.raises(UserError, match="no interface eth9"):
                set_up(ip, namespace, "eth9")
            with pytest.raises(UserError, match="cannot give eth0 the MAC") as raised:
                set_mac(ip, namespace, "eth0", "ff:ff:ff:ff:ff:ff")
            assert raised.value.where.endswith("link set eth0 address ff:ff:ff:ff:ff:ff")
            with pytest.raises(UserError, match="cannot add the route to 10"):
                add_route(ip, namespace, Route(destination=ip_network("10.9.0.0/16"), dev="eth0", via=ip_address("99.0.0.1")))
            add_address(ip, namespace, "eth0", ip_address("10.1.0.2"), 16)
            with pytest.raises(UserError, match="exists"):
                add_address(ip, namespace, "eth0", ip_address("10.1.0.2"), 16)
            with pytest.raises(UserError, match="kernel refuses the value"):
                set_sysctl(helper, namespace, "net.ipv4.ip_forward", "many")
            delete(ip, namespace, "eth0")
        with pytest.raises(OSError):
            os.write(fd, b"\0" * 64)
        os.close(fd)

    in_lab(work, user=user)


def test_ipv6_is_off_where_the_network_has_none() -> None:
    def work(helper: Helper) -> None:
        namespace = helper.create_namespace("web")
        fd = helper.open_tap(namespace, "eth0")
        step = set_ipv6(helper, namespace, "eth0", False)
        assert step.by_hand == f"ip netns exec {helper.lab}-web sysctl -w net/ipv6/conf/eth0/disable_ipv6=1"
        with helper.netlink(namespace) as ip:
            set_up(ip, namespace, "eth0")
            assert list(ip.get_addr(family=10)) == []
        assert Path("/proc/sys/net/ipv6/conf/lo/disable_ipv6").read_text() == "0\n"
        os.close(fd)

    in_lab(work)
