"""What a user wants over the host's files in a service, mounted in the mount namespace that the caller is in.

A mount is ``[target, source, options, read_only, make]``, as ``dataplane.mounts.Mount`` has them; outer folders come first.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from dataplane.errors import UserError
from dataplane.proc import kernel

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_FLAGS = {"nosuid": kernel.MS_NOSUID, "nodev": kernel.MS_NODEV, "noexec": kernel.MS_NOEXEC, "ro": kernel.MS_RDONLY}
_UNFLAGS = {"suid": "nosuid", "dev": "nodev", "exec": "noexec", "rw": "ro"}


def mount_all(wanted: Sequence[Sequence[Any]]) -> None:
    """All of them, in order. UserError names the first that cannot be."""
    for target, source, options, read_only, make in wanted:
        try:
            if not source:
                _tmpfs(target, options, read_only)
                continue
            if make and not os.path.lexists(source):
                os.makedirs(source, 0o755)
            _bind(source, target, read_only)
        except OSError as error:
            what = f'error mounting "{source or "tmpfs"}" to rootfs at "{target}": {(error.strerror or "").lower()}'
            raise UserError(what, mend=_mend(source, target), status=1) from None


def _mend(source: str, target: str) -> str:
    if source and not os.path.exists(source):
        return f"there is no {source} on this host"
    if not os.path.exists(target):
        return f"a container has the host's files, and there is no {target} to mount on: make it"
    if source and os.path.isdir(source) != os.path.isdir(target):
        return "mount a file on a file, a folder on a folder"
    return "see mount(2)"


def _bind(source: str, target: str, read_only: bool) -> None:
    kernel.mount(source, target, flags=kernel.MS_BIND | kernel.MS_REC)
    if read_only:
        # What a user namespace found set may not be taken away: it is said again.
        kept = os.statvfs(target).f_flag & (kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC)
        kernel.mount("", target, flags=kernel.MS_BIND | kernel.MS_REMOUNT | kernel.MS_RDONLY | kept)


def _tmpfs(target: str, options: Sequence[str], read_only: bool) -> None:
    """Of two that contradict each other the later counts."""
    flags, data = set[str](), []
    for one in options:
        if one in _FLAGS:
            flags.add(one)
        elif one in _UNFLAGS:
            flags.discard(_UNFLAGS[one])
        else:
            data.append(one)
    if read_only:
        flags.add("ro")
    kernel.mount("tmpfs", target, "tmpfs", sum(_FLAGS[one] for one in flags), ",".join(data))
