"""A helper's namespaces and TAPs, on this machine, as root and as an ordinary user."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from instances import refusal
from private_world import as_root_and_as_user, in_lab, needs_root, needs_user_namespaces, run_in_private_world

from dataplane.proc.clean import clean
from dataplane.proc.helper import Helper
from dataplane.proc.registry import hold
from dataplane.proc.spec import InstanceSpec

pytestmark = [pytest.mark.live, needs_root]


@as_root_and_as_user
def test_a_fresh_namespace_has_only_lo(user: bool) -> None:
    def work(helper: Helper) -> None:
        namespace = helper.create_namespace("web")
        assert Path(namespace.path).stat().st_ino == namespace.inode != Path("/proc/self/ns/net").stat().st_ino
        if not user:
            assert namespace.path == f"/run/netns/{helper.lab}-web"
        with helper.netlink(namespace) as ip:
            assert [link.get_attr("IFLA_IFNAME") for link in ip.get_links()] == ["lo"]

    in_lab(work, user=user)


def test_names_that_are_taken_are_refused_and_left_alone() -> None:
    def work(helper: Helper) -> None:
        helper.create_namespace("web")
        assert "has a namespace web already" in refusal(lambda: helper.create_namespace("web")).what
        subprocess.run(["ip", "netns", "add", f"{helper.lab}-db"], check=True)
        inode = Path(f"/run/netns/{helper.lab}-db").stat().st_ino
        error = refusal(lambda: helper.create_namespace("db"))
        assert error.where == f"/run/netns/{helper.lab}-db"
        assert Path(f"/run/netns/{helper.lab}-db").stat().st_ino == inode
        assert not (helper.folder / "namespaces" / "db").exists()

    in_lab(work)


@as_root_and_as_user
def test_a_tap_carries_frames_with_vnet_headers(user: bool) -> None:
    def work(helper: Helper) -> None:
        namespace = helper.create_namespace("web")
        fd = helper.open_tap(namespace, "eth0", mac="02:42:0a:00:00:02")
        with helper.netlink(namespace) as ip:
            (link,) = ip.get_links(ifname="eth0")
            assert link.get_attr("IFLA_ADDRESS") == "02:42:0a:00:00:02"
            ip.link("set", index=link["index"], state="up")
            ip.addr("add", index=link["index"], address="10.0.0.2", prefixlen=24)
        service = helper.spawn(InstanceSpec(name="web", namespace=namespace))
        service.run(["ping", "-c1", "-W1", "10.0.0.3"], timeout=30)
        arp = []
        with pytest.raises(BlockingIOError):
            while True:
                arp.append(os.read(fd, 65536)[10:])
        assert any(frame[12:14] == b"\x08\x06" and frame[6:12] == bytes.fromhex("02420a000002") for frame in arp)
        os.close(fd)
        with helper.netlink(namespace) as ip:
            assert ip.link_lookup(ifname="eth0") == []

    in_lab(work, user=user)


def test_an_interface_is_replaced_by_another_of_its_name_in_one_order() -> None:
    """Deleted and made anew: what follows is about the new one, whose index is another."""

    def work(helper: Helper) -> None:
        def eth0(number: int) -> dict[str, object]:
            addresses = [f"10.0.0.{number}/24"]
            more = {"mac": f"02:42:0a:00:00:{number:02x}", "mtu": 1400 + number, "sysctls": {}, "mark": f"{number:08x}"}
            return {"name": "eth0", "port": "web.front", "addresses": addresses, "there": False, **more}

        made, (first,) = helper.furnish([{"name": "web", "create": True, "add": [eth0(2)]}])
        os.close(first)
        _, (second,) = helper.furnish([{"name": "web", "delete": ["eth0"], "add": [eth0(3)]}])
        with helper.netlink(made["web"]) as ip:
            (index,) = ip.link_lookup(ifname="eth0")
            (link,) = ip.get_links(index)
            assert (link.get("address"), link.get("mtu")) == ("02:42:0a:00:00:03", 1403)
            assert [row.get("address") for row in ip.get_addr(index=index, family=2)] == ["10.0.0.3"]
        os.close(second)

    in_lab(work)


def test_taps_that_cannot_be_are_refused_by_name() -> None:
    def work(helper: Helper) -> None:
        namespace = helper.create_namespace("web")
        os.close(helper.open_tap(namespace, "eth0"))
        kept = helper.open_tap(namespace, "eth0")
        assert "eth0 is taken" in refusal(lambda: helper.open_tap(namespace, "eth0")).what
        assert "no interface name" in refusal(lambda: helper.open_tap(namespace, "a" * 16)).what
        assert "no unicast MAC" in refusal(lambda: helper.open_tap(namespace, "eth1", mac="01:00:00:00:00:01")).what
        os.close(kept)

    in_lab(work)


@needs_user_namespaces
def test_a_closed_tun_node_is_named_with_the_mend() -> None:
    def work(helper: Helper) -> None:
        error = refusal(lambda: helper.open_tap(helper.create_namespace("web"), "eth0"))
        assert error.where == "/dev/net/tun"
        assert "chmod" in error.mend
        assert error.status == 1

    def inside() -> None:
        with hold("process-notun") as folder:
            work(Helper.start("process-notun", folder))
        clean("process-notun")

    run_in_private_world(inside, user=True, tun_mode=0o600)


@as_root_and_as_user
def test_the_hosts_namespace_and_what_is_no_namespace(user: bool) -> None:
    def work(helper: Helper) -> None:
        host = helper.host_namespace("host")
        service = helper.spawn(InstanceSpec(name="host", namespace=host))
        code, text = service.run(["readlink", "/proc/self/ns/net"], timeout=30)
        assert (code, text.decode().strip()) == (0, str(Path("/proc/self/ns/net").readlink()))
        error = refusal(lambda: helper.spawn(InstanceSpec(name="x", namespace=host, sysctls={"net.ipv4.ip_forward": "1"})))
        assert "not the service's own" in error.what
        assert "not a network namespace" in refusal(lambda: helper.enter_namespace("a", "/proc/self/ns/uts")).what
        assert "not a network namespace" in refusal(lambda: helper.enter_namespace("b", "/etc/passwd")).what
        assert "cannot be opened" in refusal(lambda: helper.enter_namespace("c", "/run/netns/nowhere")).what

    in_lab(work, user=user)


@needs_user_namespaces
def test_an_ordinary_user_may_not_enter_the_hosts_namespace_by_path() -> None:
    def work(helper: Helper) -> None:
        error = refusal(lambda: helper.enter_namespace("host", "/proc/self/ns/net"))
        assert "no entry there" in error.what
        assert error.mend == "run the lab as root"

    in_lab(work, user=True)


@pytest.mark.parametrize("shared", [False, True], ids=["private", "shared"])
@as_root_and_as_user
def test_what_one_service_does_changes_nothing_elsewhere(user: bool, shared: bool) -> None:
    """A link set down, a route, a firewall rule, a sysctl, a host name, a mount: in one service, and there only."""
    look = "ip -o link; ip route show table all; nft list ruleset; sysctl net.ipv4.ip_forward; hostname; cat /proc/self/mounts"

    def work(helper: Helper) -> None:
        spaces = [helper.create_namespace(name) for name in ("a", "b")]
        one, two = (helper.spawn(InstanceSpec(name=space.name, namespace=space, hostname=space.name)) for space in spaces)
        assert one.run(["ip", "link", "set", "lo", "up"], timeout=30)[0] == 0
        assert two.run(["ip", "link", "set", "lo", "up"], timeout=30)[0] == 0
        host = subprocess.run(["sh", "-c", look], check=False, capture_output=True).stdout
        other = two.run(["sh", "-c", look], timeout=30, limit=100_000)
        change = (
            "ip route add 10.99.0.0/16 dev lo && ip link set lo down && nft add table ip t && nft add chain ip t c "
            "'{ type filter hook input priority 0; policy drop; }' && echo 1 > /proc/sys/net/ipv4/ip_forward && hostname changed "
            "&& mount -t tmpfs none /mnt && ip tuntap add d0 mode tap"
        )
        assert one.run(["sh", "-c", change], timeout=30) == (0, b"")
        assert b"policy drop" in one.run(["nft", "list", "ruleset"], timeout=30)[1]
        assert two.run(["sh", "-c", look], timeout=30, limit=100_000) == other
        assert subprocess.run(["sh", "-c", look], check=False, capture_output=True).stdout == host

    in_lab(work, user=user, shared=shared)


def test_sys_shows_the_services_interfaces() -> None:
    def work(helper: Helper) -> None:
        service = helper.spawn(InstanceSpec(name="web", namespace=helper.create_namespace("web")))
        assert service.run(["ls", "/sys/class/net"], timeout=30) == (0, b"lo\n")

    in_lab(work)


def test_a_removed_namespace_ends_with_its_service() -> None:
    def work(helper: Helper) -> None:
        namespace = helper.create_namespace("web")
        helper.create_namespace("other")
        witness = helper.spawn(InstanceSpec(name="other", namespace=helper.create_namespace("witness")))
        service = helper.spawn(InstanceSpec(name="web", namespace=namespace))
        helper.remove_namespace(namespace)
        assert not Path(namespace.path).exists()
        assert service.run(["true"], timeout=30) == (0, b"")
        service.stop(1)
        # No shim of another service may keep it alive by a copy of its mount.
        for fd in Path(f"/proc/{witness.pid}/fd").iterdir():
            assert f"net:[{namespace.inode}]" not in str(fd.readlink())
        assert str(namespace.inode) not in Path(f"/proc/{witness.pid}/mountinfo").read_text()
        assert helper.create_namespace("web").path == namespace.path

    in_lab(work)
