"""Put the calling process, init of its PID namespace, into the mount, UTS and network namespaces of its service."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping, Sequence
from contextlib import suppress

from dataplane.errors import UserError
from dataplane.proc import kernel, mounted, mounts
from dataplane.proc.spaces import Space
from dataplane.proc.sysctls import write_sysctls

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_QUIET = kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC
_CGROUP = "/sys/fs/cgroup"


def enter_namespaces(
    space: Space,
    hostname: str | None,
    binds: Mapping[str, str],
    wanted: Sequence[Sequence[Any]],
    sysctls: Mapping[str, str],
    *,
    folders: Sequence[str],
) -> tuple[list[str], list[int]]:
    """Enter, mount, name. ``binds``: file to cover -> file of ours; ``wanted``: the user's mounts, as in ``mounted``. Returns a
    sentence for each thing this kernel would not do; and descriptors of ``folders``, over which the user may have something.
    UserError for what the user wants and cannot have."""
    notes: list[str] = []
    own_network = space.fd >= 0
    if own_network:
        kernel.setns(space.fd, kernel.CLONE_NEWNET)
    kernel.unshare(kernel.CLONE_NEWNS | kernel.CLONE_NEWUTS)
    # Nothing mounted here reaches the host; what the host unmounts later is unmounted here, so that no lab keeps a disk busy.
    kernel.mount("", "/", flags=kernel.MS_REC | kernel.MS_SLAVE)
    ours = [os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC) for folder in folders]
    opened = mounted.open_all(wanted)
    if own_network:
        # A copy of the binds of other namespaces would keep those alive.
        with suppress(OSError):
            kernel.unmount(mounts.FOLDER, kernel.MNT_DETACH)
    _mount_proc(notes)
    if own_network:
        _mount_sys(notes)
    if hostname is not None:
        socket.sethostname(hostname)
    around = [one for one in opened if any(target.startswith(f"{one[0][0]}/") for target in binds)]
    mounted.mount_all(around)  # a folder with ours in it: they come over it
    for target, source in binds.items():
        try:
            kernel.mount(source, target, flags=kernel.MS_BIND)
        except OSError as error:
            notes.append(f"{target} is the host's: {error.strerror}")
    mounted.mount_all(one for one in opened if one not in around)
    if sysctls and not space.owned:
        raise UserError(
            "sysctls cannot be set in a network namespace that is not the service's own",
            where=next(iter(sysctls)),
            mend="remove sysctls: from this service",
        )
    write_sysctls(sysctls)
    return notes, ours


def _mount_proc(notes: list[str]) -> None:
    try:
        kernel.mount("proc", "/proc", "proc", _QUIET)
    except PermissionError:
        # Inside a container whose /proc is masked, an ordinary user may not mount a whole one.
        notes.append("/proc shows the host's processes: a fresh one may not be mounted here")


def _mount_sys(notes: list[str]) -> None:
    """A sysfs of this network namespace, so that /sys/class/net is the service's and never the host's."""
    try:
        cgroup = os.open(_CGROUP, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        cgroup = -1
    try:
        kernel.mount("sysfs", "/sys", "sysfs", _QUIET)
        if cgroup >= 0:
            kernel.mount(f"/proc/self/fd/{cgroup}", _CGROUP, flags=kernel.MS_BIND | kernel.MS_REC)
    except OSError as error:
        notes.append(f"/sys shows the host's interfaces: {error.strerror}")
    finally:
        if cgroup >= 0:
            os.close(cgroup)
