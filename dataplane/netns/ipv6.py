"""IPv6 of an interface by sysctl: off where its network has none, usable at once where it has."""

from __future__ import annotations

from dataplane.netns.step import Step, entering
from dataplane.proc.helper import Helper
from dataplane.proc.spec import NamespaceRef
from dataplane.proc.sysctls import sysctl_path


def set_ipv6(helper: Helper, namespace: NamespaceRef, name: str, enabled: bool) -> Step:
    """Before ``name`` is set up: switch its IPv6 off, or its duplicate address detection (accept_dad, ip-sysctl.rst) off."""
    key, value = ("accept_dad", "0") if enabled else ("disable_ipv6", "1")
    what = f"let {name} use IPv6 without duplicate address detection" if enabled else f"switch IPv6 off on {name}"
    return set_sysctl(helper, namespace, f"net/ipv6/conf/{name}/{key}", value, what)


def set_sysctl(helper: Helper, namespace: NamespaceRef, key: str, value: str, what: str = "") -> Step:
    """Set one ``net.…`` sysctl of the namespace."""
    helper.set_sysctls(namespace, {key: value})
    words = sysctl_path(key).removeprefix("/proc/sys/")
    return Step(what or f"set {key} to {value}", f"{entering(namespace)}sysctl -w {words}={value}")
