"""Signals, sysctls and users as a Compose file writes them."""

from __future__ import annotations

import os
import pwd
import signal

import pytest

from dataplane.errors import UserError
from dataplane.proc.spec import signal_number
from dataplane.proc.sysctls import sysctl_path
from dataplane.proc.users import resolve_user


@pytest.mark.parametrize(
    ("name", "number"),
    [("SIGTERM", 15), ("term", 15), ("9", 9), ("SIGRTMIN+3", signal.SIGRTMIN + 3), ("RTMIN", signal.SIGRTMIN), ("64", 64)],
)
def test_signals(name: str, number: int) -> None:
    assert signal_number(name) == number


@pytest.mark.parametrize("name", ["", "SIGNONE", "0", "-9", "65", "SIGTERM+x", "SIGRTMIN+99", "SIG", "TERM "])
def test_signals_that_are_none(name: str) -> None:
    with pytest.raises(UserError, match="there is no signal"):
        signal_number(name)


@pytest.mark.parametrize(
    ("key", "path"),
    [
        ("net.ipv4.ip_forward", "/proc/sys/net/ipv4/ip_forward"),
        ("net/ipv4/conf/eth0.1/forwarding", "/proc/sys/net/ipv4/conf/eth0.1/forwarding"),
        ("net.core.somaxconn", "/proc/sys/net/core/somaxconn"),
    ],
)
def test_sysctls(key: str, path: str) -> None:
    assert sysctl_path(key) == path


@pytest.mark.parametrize(
    "key", ["", "net", "net.ipv4", "kernel.pid_max", "net..x", "net/../kernel/x", "net/ipv4/../../kernel", "a/net/b"]
)
def test_sysctls_beyond_a_network_namespace(key: str) -> None:
    with pytest.raises(UserError, match="not one of a network namespace"):
        sysctl_path(key)


def test_users_of_a_root_lab() -> None:
    entry = pwd.getpwnam("daemon")
    for name in ("daemon", str(entry.pw_uid)):
        found = resolve_user(name, privileged=True)
        assert (found.uid, found.gid, found.home) == (entry.pw_uid, entry.pw_gid, entry.pw_dir)
        assert sorted(found.groups) == sorted(os.getgrouplist("daemon", entry.pw_gid))
    found = resolve_user("4000000:17", privileged=True)
    assert (found.uid, found.gid, found.groups, found.home) == (4000000, 17, [17], "/")
    assert resolve_user("4000000", privileged=True).gid == 0
    assert resolve_user(None, privileged=True).uid == 0


@pytest.mark.parametrize(("user", "what"), [("nosuch", "no user"), ("0:nosuch", "no group"), ("99999999999", "range"), ("", None)])
def test_users_that_are_none(user: str, what: str | None) -> None:
    if what is None:
        assert resolve_user(user, privileged=True).uid == 0
        return
    with pytest.raises(UserError, match=what):
        resolve_user(user, privileged=True)


@pytest.mark.parametrize("user", [None, "", "0", "root", "0:0", "root:root"])
def test_the_one_user_of_an_ordinary_users_lab(user: str | None) -> None:
    assert resolve_user(user, privileged=False).keep


@pytest.mark.parametrize("user", ["1", "daemon", "0:1", "nosuch"])
def test_other_users_of_an_ordinary_users_lab(user: str) -> None:
    with pytest.raises(UserError, match="more than one user id") as raised:
        resolve_user(user, privileged=False)
    assert raised.value.where == f"user: {user}"
