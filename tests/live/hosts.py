"""The host of a test: what it has, to be compared before and after; and a world outside, behind an interface of it."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from dataplane.proc import kernel

OUTSIDE = "outside"
HOST4, OUTSIDE4 = "198.51.100.1", "198.51.100.2"
HOST6, OUTSIDE6 = "2001:db8:51::1", "2001:db8:51::2"


def sh(command: str, *, check: bool = True) -> str:
    """A shell command's output."""
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False, timeout=60)
    assert not check or done.returncode == 0, f"{command}: {done.returncode}: {done.stdout}{done.stderr}"
    return done.stdout


def state() -> dict[str, object]:
    """Rules, routes, addresses, interfaces and every sysctl of the network, without what counts or ages by itself."""
    sysctls = {
        str(path): text
        for path in Path("/proc/sys/net").rglob("*")
        if path.is_file() and (text := _read(path)) is not None and not re.search(r"/(stat|random|nf_conntrack_count)", str(path))
    }
    return {
        "rules": sh("nft list ruleset"),
        "routes": sh("ip route show table all; ip -6 route show table all"),
        "links": re.sub(r"qdisc \S+", "", sh("ip -o link")),
        "sysctls": sysctls,
    }


def _read(path: Path) -> str | None:
    try:
        return path.read_text()
    except OSError:
        return None


def assert_same(before: dict[str, object], after: dict[str, object]) -> None:
    """Nothing on the host differs."""
    for key, value in before.items():
        if isinstance(value, dict):
            other = after[key]
            assert isinstance(other, dict)
            differing = {
                name: (value.get(name), other.get(name)) for name in {*value, *other} if value.get(name) != other.get(name)
            }
            assert not differing, f"{key}: {differing}"
        else:
            assert value == after[key], key


@contextmanager
def outside(mtu: int = 1500) -> Iterator[str]:
    """A namespace behind eth0 of this host; it knows no way to anybody but the host. Its name, for ``ip netns exec``."""
    named = Path("/run/netns").exists()
    sh(f"ip netns add {OUTSIDE}")
    try:
        sh(f"ip link add eth0 mtu {mtu} type veth peer name eth0 netns {OUTSIDE} mtu {mtu}")
        for where, address4, address6 in (("", HOST4, HOST6), (f"-n {OUTSIDE}", OUTSIDE4, OUTSIDE6)):
            inside = where.replace("-n", "ip netns exec")
            sh(f"{inside} sysctl -w net.ipv6.conf.eth0.accept_dad=0 net.ipv6.conf.eth0.accept_ra=0")
            sh(f"ip {where} link set eth0 up")
            sh(f"ip {where} link set lo up")
            sh(f"ip {where} address add {address4}/24 dev eth0")
            sh(f"ip {where} address add {address6}/64 dev eth0 nodad")
        yield OUTSIDE
    finally:
        sh("ip link delete eth0", check=False)  # at once: with its namespace it would go some time
        sh(f"ip netns delete {OUTSIDE}")
        if not named:
            forget_names()


def forget_names() -> None:
    """What ``ip netns add`` made of /run/netns is undone, once no name is left."""
    with suppress(OSError):
        kernel.unmount("/run/netns")
    with suppress(OSError):
        Path("/run/netns").rmdir()
