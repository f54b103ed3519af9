"""TAP devices and each of their offloads, asked of a real device in a network namespace of its own (linux/if_tun.h)."""

from __future__ import annotations

import fcntl
import os
import stat
import struct
from collections.abc import Callable
from pathlib import Path

from dataplane.doctor import spaces
from dataplane.doctor.child import Answer, ask
from dataplane.doctor.finding import Finding, State
from dataplane.errors import UserError
from dataplane.proc import kernel
from dataplane.proc.tap import NODE, open_tap

TOPIC = "TAP devices"

TUNSETOFFLOAD = 0x4004_54D0
TUNSETVNETHDRSZ = 0x4004_54D8
CSUM, TSO, USO, TUNNEL = 0x01, 0x02 | 0x04, 0x20 | 0x40, 0x80 | 0x100
TUNNEL_HEADER = 24
"""Octets of the vnet header that a tunnel super-frame needs: the plain one has 10 or 12."""

OFFLOADS = {
    "CSUM": (CSUM, "checksums left to the receiver", "checksums are computed in the engine", "CONFIG_TUN"),
    "TSO": (CSUM | TSO, "TCP super-frames of 64 KiB", "TCP runs at about a fifth of the speed", "Linux 2.6.27"),
    "USO": (CSUM | TSO | USO, "UDP super-frames", "UDP_SEGMENT senders cross one datagram at a time", "Linux 6.2"),
    "UDP-tunnel GSO": (
        CSUM | TSO | USO | TUNNEL,
        "VXLAN super-frames",
        "VXLAN underlays on a TAP cross one packet at a time",
        "Linux 6.17",
    ),
}


def examine() -> list[Finding]:
    """The device node, a device, its offloads."""
    node = _node()
    if node.state != "ok":
        return [node]
    answer = ask(_device)
    return [node, _creation(answer), *_offloads(answer)]


def _node() -> Finding:
    try:
        mode = Path(NODE).stat().st_mode
        os.close(os.open(NODE, os.O_RDWR | os.O_CLOEXEC))
    except OSError as error:
        if isinstance(error, PermissionError):
            mend = f"as root: chmod 0666 {NODE}"
        else:
            mend = (
                "as root: modprobe tun; mkdir -p /dev/net; mknod -m 0666 /dev/net/tun c 10 200 "
                "(in a container: --device /dev/net/tun)"
            )
        return Finding(topic=TOPIC, name=NODE, state="missing", detail=error.strerror or str(error), mend=mend, needed=True)
    who = "every user" if mode & stat.S_IWOTH else "this user"
    return Finding(topic=TOPIC, name=NODE, state="ok", detail=f"{who} may open it", needed=True)


def _device() -> Answer:
    """Make a TAP, then try the offloads one by one."""
    spaces.enter_own_user_namespace()
    kernel.unshare(kernel.CLONE_NEWNET)
    try:
        fd = open_tap("probe", None, 0)
    except UserError as error:
        return {"error": error.what}
    answer: Answer = {}
    for name, (bits, *_words) in OFFLOADS.items():
        try:
            if bits & TUNNEL:
                fcntl.ioctl(fd, TUNSETVNETHDRSZ, struct.pack("i", TUNNEL_HEADER))
            fcntl.ioctl(fd, TUNSETOFFLOAD, bits)
        except OSError as error:
            answer[name] = error.strerror
    return answer


def _creation(answer: Answer) -> Finding:
    error = answer.get("error")
    if error is None:
        return Finding(topic=TOPIC, name="TAP with vnet header", state="ok", needed=True)
    mend = "run as root with CAP_NET_ADMIN, or as a user who may make user namespaces"
    return Finding(topic=TOPIC, name="TAP with vnet header", state="missing", detail=str(error), mend=mend, needed=True)


def _offloads(answer: Answer) -> list[Finding]:
    if "error" in answer:
        return []
    found = []
    for name, (_bits, what, without, since) in OFFLOADS.items():
        if name in answer:
            mend = f"{without}; {since} has it"
            found.append(Finding(topic=TOPIC, name=name, state="limited", detail=f"{what}: {answer[name]}", mend=mend))
        else:
            found.append(Finding(topic=TOPIC, name=name, state="ok", detail=what))
    return found


def examine_rootless() -> Finding:
    """A TAP as an ordinary user gets one: in a user and network namespace of theirs."""
    answer = _as_ordinary(_device)
    error = answer.get("error")
    name = "labs without root"
    if error is None:
        return Finding(topic=spaces.TOPIC, name=name, state="ok", detail="TAPs inside a user namespace")
    state: State = "limited" if os.geteuid() == 0 else "missing"
    mend = f"as root: chmod 0666 {NODE}, and allow user namespaces (above)"
    return Finding(topic=spaces.TOPIC, name=name, state=state, detail=str(error), mend=mend)


def _as_ordinary(question: Callable[[], Answer]) -> Answer:
    def fallen() -> Answer:
        spaces.become_ordinary()
        return question()

    return ask(fallen)
