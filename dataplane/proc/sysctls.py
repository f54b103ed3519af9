"""Write sysctls of the caller's network namespace."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress

from dataplane.errors import UserError

UNPRIVILEGED = {"net/ipv4/ip_unprivileged_port_start": "0", "net/ipv4/ping_group_range": "0 2147483647"}
"""What Docker sets in a container's namespace: whoever lives there may listen on port 80, and ping."""


def sysctl_path(key: str) -> str:
    """The file of a key. As in sysctl(8) the first separator decides: ``net/ipv4/conf/eth0.1/forwarding`` keeps its dot."""
    slash, dot = key.find("/"), key.find(".")
    parts = key.split("/") if slash >= 0 and (dot < 0 or slash < dot) else key.split(".")
    if parts[0] != "net" or len(parts) < 3 or "" in parts or ".." in parts or any("/" in part for part in parts):
        raise UserError(f"the sysctl {key} is not one of a network namespace", where=key, mend="only net.… can be set per service")
    return "/proc/sys/" + "/".join(parts)


def open_to_users() -> None:
    """A namespace that was just made, for users that are not root. What the kernel does not know or allow stays: in a user
    namespace, groups that it has no numbers for."""
    for key, value in UNPRIVILEGED.items():
        with suppress(UserError):
            write_sysctls({key: value})


def write_sysctls(values: Mapping[str, str]) -> None:
    """Write each value in order. UserError names the first that the kernel refuses."""
    for key, value in values.items():
        path = sysctl_path(key)
        try:
            # Not open(): it looks at the file four times, and a daemon that begins writes thousands.
            fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
            try:
                os.write(fd, f"{value}\n".encode())
            finally:
                os.close(fd)
        except FileNotFoundError:
            raise UserError("a network namespace has no such sysctl here", where=key, mend="remove it", status=1) from None
        except (OSError, UnicodeError) as error:
            raise UserError(
                f"the kernel refuses the value {value!r}: {error}", where=key, mend="give a value that the sysctl takes", status=1
            ) from None
