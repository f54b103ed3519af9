"""What the lab process and a helper tell each other: a namespace, a service to start, how it fares."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from dataclasses import dataclass, field

from dataplane.errors import UserError
from dataplane.model import EMPTY
from dataplane.mounts import Mount, Ulimit


@dataclass(frozen=True, slots=True)
class NamespaceRef:
    """A network namespace the helper holds. ``path`` can be opened (nsenter --net=PATH); ``owned``: made by us, ended by us."""

    name: str
    path: str
    inode: int
    owned: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceSpec:
    """A service to start. ``argv`` empty: idle. ``binds``: absolute path to cover -> file of ours that covers it.

    ``env`` comes over PATH (the helper's), HOME and HOSTNAME; ``hostname`` None keeps the host's. ``log``: the folder of its log,
    "" where that is the service's own.
    """

    name: str
    namespace: NamespaceRef
    argv: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    working_dir: str = "/"
    user: str | None = None
    hostname: str | None = None
    stop_signal: str = "SIGTERM"
    tty: bool = False
    stdin_open: bool = False
    sysctls: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    binds: Mapping[str, str] = field(default_factory=lambda: EMPTY)
    log: str = ""
    mounts: tuple[Mount, ...] = ()
    ulimits: tuple[Ulimit, ...] = ()

    def body(self) -> dict[str, object]:
        """As a request to the helper, but for its name. UserError for a signal nobody knows."""
        return {
            "namespace": self.namespace.name,
            "argv": list(self.argv),
            "env": dict(self.env),
            "working_dir": self.working_dir,
            "user": self.user,
            "hostname": self.hostname,
            "stop_signal": signal_number(self.stop_signal),
            "tty": self.tty,
            "stdin_open": self.stdin_open,
            "sysctls": {key: str(value) for key, value in self.sysctls.items()},
            "binds": dict(self.binds),
            "log": self.log,
            "mounts": [[one.target, one.source, list(one.options), one.read_only, one.make] for one in self.mounts],
            "ulimits": [[one.name, one.soft, one.hard] for one in self.ulimits],
        }


@dataclass(frozen=True, slots=True)
class Status:
    """``state``: running or exited. ``exit``: as shells count, 137 when the shim itself was killed. Times in ns since 1970."""

    state: str
    pid: int
    exit: int | None
    started: int
    finished: int | None
    notes: tuple[str, ...] = ()


def signal_number(name: str) -> int:
    """``SIGTERM``, ``TERM``, ``15`` or ``SIGRTMIN+3`` as a number. UserError for anything else."""
    text = name.upper().removeprefix("SIG")
    base, _, more = text.partition("+")
    try:
        number = int(text) if text.isdecimal() else int(signal.Signals[f"SIG{base}"]) + int(more or 0)
    except (KeyError, ValueError):
        number = 0
    if not 0 < number <= signal.SIGRTMAX:
        raise UserError(f"there is no signal {name}", where="stop_signal", mend="give a name like SIGTERM or a number like 15")
    return number
