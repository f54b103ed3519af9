"""``sysctls``: the kernel settings of a service's own network namespace."""

from __future__ import annotations

import re

from dataplane.compose.findings import Findings
from dataplane.compose.nodes import At
from dataplane.compose.values import frozen, optional_pairs
from dataplane.model import EMPTY, Options

NET = re.compile(r"net([./][a-zA-Z0-9_:@-]+)+", re.ASCII)


def sysctls(name: str, at: At | None, mode: str, findings: Findings) -> Options:
    """The ``net.*`` settings. Others belong to the whole host: left alone, and noted. UserError where there is no own namespace."""
    if at is None:
        return EMPTY
    found: dict[str, str] = {}
    for key, value in optional_pairs(at).items():
        if not key.startswith(("net.", "net/")):
            findings.ignore(f"sysctls.{key}", name)
            continue
        if value is None:
            raise at.wrong(f'"{key}" has no value', f'write {key}: "1"')
        if not NET.fullmatch(key):
            raise at.wrong(f'"{key}" is not a kernel setting', "write it as sysctl(8) does: net.ipv4.ip_forward")
        found[key] = value
    if found and (mode == "host" or mode.startswith("service:")):
        raise at.wrong(
            f'with network_mode "{mode}" the service has no network settings of its own', "remove sysctls, or network_mode"
        )
    return frozen(found)
