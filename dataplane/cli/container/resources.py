"""Flags of `run` and `create` about files, limits and capabilities, asked as docker's client asks. What nothing comes of the daemon
says (docs/docker-compatibility.md, "The flags of run"). The words of errors are Docker's (28.2)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from dataplane.cli.container.mount_flag import bind, mount
from dataplane.cli.container.sizes import size
from dataplane.cli.verb import INTEGER, Words
from dataplane.ulimits import LIMITS


def _swap(text: str) -> int:
    return -1 if text == "-1" else size(text)


def _cpus(text: str) -> int:
    """``1.5`` in 10⁻⁹ of a processor."""
    if not re.fullmatch(r"[0-9]+(\.[0-9]+)?|\.[0-9]+", text):
        raise ValueError(f"failed to parse {text} as a rational number")
    nano = Decimal(text) * 10**9
    if nano != int(nano):
        raise ValueError("value is too precise")
    return int(nano)


def _capability(text: str) -> str:
    """``net_admin`` by its whole name."""
    name = text.strip().upper()
    return name if name == "ALL" or name.startswith("CAP_") else f"CAP_{name}"


def ulimit(text: str) -> dict[str, Any]:
    """``nofile=1024:2048``; one number is both, -1 is no limit."""
    name, sign, values = text.partition("=")
    if not sign or values.count(":") > 1:
        raise ValueError(
            f"invalid ulimit argument: {text}"
            if not sign
            else f"too many limit value arguments - {values}, can only have up to two, `soft[:hard]`"
        )
    if name not in LIMITS:
        raise ValueError(f"invalid ulimit type: {name}")
    numbers = []
    for word in values.split(":"):
        if not re.fullmatch(r"-?[0-9]+", word):
            raise ValueError(f'strconv.ParseInt: parsing "{word}": invalid syntax')
        numbers.append(int(word))
    soft, hard = numbers[0], numbers[-1]
    if hard != -1 and (soft == -1 or soft > hard):
        raise ValueError(f"ulimit soft limit must be less than or equal to hard limit: {soft} > {hard}")
    return {"Name": name, "Hard": hard, "Soft": soft}


def device(text: str) -> dict[str, str]:
    """``/dev/a[:/dev/b[:rwm]]``."""
    source, *rest = text.split(":")
    if len(rest) == 1 and re.fullmatch("[rwm]{1,3}", rest[0]):
        rest = [source, rest[0]]
    target, permissions = [*rest, *(source, "rwm")[len(rest) :]][:2]
    if not source or len(rest) > 2 or not re.fullmatch("[rwm]{1,3}", permissions):
        raise ValueError(f"invalid device specification: {text}")
    return {"PathOnHost": source, "PathInContainer": target or source, "CgroupPermissions": permissions}


def _pull(text: str) -> str:
    if text not in {"always", "missing", "never"}:
        raise ValueError(f'invalid pull option: \'{text}\': must be one of "always", "missing" or "never"')
    return text


LIST, TEXT, CAPABILITY, BYTES = Words("list", str), Words("string", str), Words("list", _capability), Words("bytes", size)
MANY: dict[str, tuple[tuple[str, ...], Words, str]] = {
    "cap_add": (("--cap-add",), CAPABILITY, "A container has every capability of the daemon."),
    "cap_drop": (("--cap-drop",), CAPABILITY, "Left aside: capabilities are the daemon's own."),
    "device": (("--device",), Words("list", device), "A device of the host, under another name perhaps."),
    "group_add": (("--group-add",), LIST, "Left aside: groups are the user's own."),
    "log_opt": (("--log-opt",), LIST, "Left aside: there is one way of logging."),
    "mount": (("--mount",), Words("mount", mount), "A file or folder of the host, or memory (tmpfs), somewhere else."),
    "security_opt": (("--security-opt",), LIST, "Left aside: processes are trusted."),
    "tmpfs": (("--tmpfs",), LIST, "A file system in memory: FOLDER[:OPTIONS]."),
    "ulimit": (("--ulimit",), Words("ulimit", ulimit), "A limit of setrlimit(2): NAME=SOFT[:HARD]."),
    "volume": (("-v", "--volume"), LIST, "A file or folder of the host somewhere else: SOURCE:TARGET[:ro]."),
    "volumes_from": (("--volumes-from",), LIST, "Left aside: there are no volumes."),
}
ONE: dict[str, tuple[tuple[str, ...], Words, str]] = {
    "cpu_shares": (("-c", "--cpu-shares"), INTEGER, "Left aside: there is no such limit."),
    "cpus": (("--cpus",), Words("decimal", _cpus), "Left aside: there is no such limit."),
    "cpuset_cpus": (("--cpuset-cpus",), TEXT, "Left aside: there is no such limit."),
    "ipc": (("--ipc",), TEXT, "Containers share the host's."),
    "log_driver": (("--log-driver",), TEXT, "Left aside: there is one way of logging."),
    "memory": (("-m", "--memory"), BYTES, "Left aside: there is no such limit."),
    "memory_reservation": (("--memory-reservation",), BYTES, "Left aside: there is no such limit."),
    "memory_swap": (("--memory-swap",), Words("bytes", _swap), "Left aside: there is no such limit."),
    "pid": (("--pid",), TEXT, "Left aside: a container has processes of its own."),
    "pids_limit": (("--pids-limit",), INTEGER, "Left aside: there is no such limit."),
    "platform": (("--platform",), TEXT, "It is this machine's."),
    "pull": (("--pull",), Words("string", _pull), "always, missing or never: there is nothing to pull."),
    "shm_size": (("--shm-size",), BYTES, "A /dev/shm of its own, of that size."),
    "uts": (("--uts",), TEXT, "Left aside: a container has a name of its own."),
}
SWITCHES = {
    "privileged": (("--privileged",), "Here nothing more than without."),
    "quiet": (("-q", "--quiet"), "Say nothing of pulling."),
    "read_only": (("--read-only",), "Left aside: files are the host's."),
}


def host_config(given: Mapping[str, Any]) -> dict[str, Any]:
    """What of HostConfig they ask for: nothing where none of them was given."""
    logging = {
        "Type": given["log_driver"] or "",
        "Config": {key: value for key, _, value in (word.partition("=") for word in given["log_opt"])},
    }
    asked = {
        "Binds": [bind(text) for text in given["volume"] if ":" in text],
        "Mounts": list(given["mount"]),
        "VolumesFrom": list(given["volumes_from"]),
        "Tmpfs": {path: options for path, _, options in (text.partition(":") for text in given["tmpfs"])},
        "Devices": list(given["device"]),
        "ShmSize": given["shm_size"],
        "Ulimits": list({one["Name"]: one for one in given["ulimit"]}.values()),
        "LogConfig": logging if any(logging.values()) else None,
        "CpuShares": given["cpu_shares"],
        "CpusetCpus": given["cpuset_cpus"],
        "Memory": given["memory"],
        "MemoryReservation": given["memory_reservation"],
        "MemorySwap": given["memory_swap"],
        "NanoCpus": given["cpus"],
        "PidsLimit": given["pids_limit"],
        "PidMode": given["pid"],
        "IpcMode": given["ipc"],
        "UTSMode": given["uts"],
        "GroupAdd": list(given["group_add"]),
        "CapAdd": sorted(set(given["cap_add"])),
        "CapDrop": sorted(set(given["cap_drop"])),
        "SecurityOpt": list(given["security_opt"]),
        "Privileged": given["privileged"],
        "ReadonlyRootfs": given["read_only"],
    }
    return {key: value for key, value in asked.items() if value}


def volumes(given: Mapping[str, Any]) -> dict[str, Any]:
    """``-v /path`` alone: a volume without a name."""
    found: dict[str, Any] = {text: {} for text in given["volume"] if ":" not in text}
    return {"Volumes": found} if found else {}
