"""A helper, its namespaces and its shims, on this machine. Each test has a lab of its own and leaves nothing behind."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from dataplane.errors import UserError
from dataplane.proc.clean import clean
from dataplane.proc.helper import Helper
from dataplane.proc.registry import hold
from dataplane.proc.spec import InstanceSpec

pytestmark = [pytest.mark.live, pytest.mark.skipif(os.geteuid() != 0, reason="makes named network namespaces: needs root")]


@pytest.fixture
def lab() -> Iterator[Helper]:
    name = f"process-{uuid.uuid4().hex[:8]}"
    with hold(name) as folder:
        helper = Helper.start(name, folder)
        yield helper
        helper.close()
    clean(name)


def test_a_fresh_namespace_has_only_lo_and_a_name(lab: Helper) -> None:
    namespace = lab.create_namespace("web")
    assert Path(namespace.path) == Path(f"/run/netns/{lab.lab}-web")
    assert Path(namespace.path).stat().st_ino == namespace.inode
    with lab.netlink(namespace) as ip:
        assert [link.get_attr("IFLA_IFNAME") for link in ip.get_links()] == ["lo"]


def test_a_name_that_is_taken_is_refused_and_left_alone(lab: Helper) -> None:
    lab.create_namespace("web")
    with pytest.raises(UserError, match="has a namespace web already"):
        lab.create_namespace("web")


def test_a_command_runs_in_its_namespaces_and_its_status_is_kept(lab: Helper) -> None:
    namespace = lab.create_namespace("web")
    argv = ("sh", "-c", "hostname; cat /proc/sys/net/ipv4/ip_forward; ls /sys/class/net; readlink /proc/self/ns/net; exit 3")
    instance = lab.spawn(
        InstanceSpec(name="web", namespace=namespace, argv=argv, hostname="web-1", sysctls={"net.ipv4.ip_forward": "1"})
    )
    assert instance.wait(5)
    status = instance.status()
    assert (status.state, status.exit) == ("exited", 3)
    log = (instance.place / "log.jsonl").read_text()
    for text in ("web-1", '"1"', '"lo"', f"net:[{namespace.inode}]"):
        assert text in log


def test_exec_gives_the_commands_own_status(lab: Helper) -> None:
    instance = lab.spawn(InstanceSpec(name="web", namespace=lab.create_namespace("web"), hostname="web"))
    assert instance.run(["sh", "-c", "hostname; exit 7"], timeout=5) == (7, b"web\n")
    assert instance.run(["sleep", "5"], timeout=0.1) == (None, b"")
    with pytest.raises(UserError) as raised:
        instance.run(["no-such-program"], timeout=5)
    assert raised.value.status == 127
