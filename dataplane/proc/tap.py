"""Open a TAP device in the caller's network namespace (Documentation/networking/tuntap.rst, linux/if_tun.h)."""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import struct

from dataplane.errors import UserError

NODE = "/dev/net/tun"
IFF_TAP = 0x0002
IFF_NO_PI = 0x1000
IFF_VNET_HDR = 0x4000
IFF_TUN_EXCL = 0x8000
IFNAMSIZ = 16

_TUNSETIFF = 0x4004_54CA
_TUNSETPERSIST = 0x4004_54CB
_SIOCSIFHWADDR = 0x8924
_ARPHRD_ETHER = 1


def _open_node() -> int:
    try:
        return os.open(NODE, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise UserError(
            "there is no TUN/TAP device node",
            where=NODE,
            mend="modprobe tun; mkdir -p /dev/net; mknod /dev/net/tun c 10 200 (in a container: --device /dev/net/tun)",
            status=1,
        ) from None
    except PermissionError:
        raise UserError(
            "this user may not open the TUN/TAP device node",
            where=NODE,
            mend="as root: chmod 0666 /dev/net/tun, or run the lab as root",
            status=1,
        ) from None
    except OSError as error:
        raise UserError(f"no TUN/TAP driver answers: {error.strerror}", where=NODE, mend="modprobe tun", status=1) from None


def open_tap(name: str, mac: str | None, flags: int, *, stays: bool = False) -> int:
    """A non-blocking descriptor of a TAP ``name`` with vnet headers; ``flags`` are further IFF_… bits.

    The device goes when the descriptor is closed; or ``stays``, until its link is deleted: opened again, the one that is there
    gets another descriptor. UserError when the node, the permission or the name is wrong.
    """
    if not 0 < len(name.encode()) < IFNAMSIZ or "/" in name or name in {".", ".."}:
        raise UserError(f"{name!r} is no interface name", mend="use 1 to 15 octets, without /", status=2)
    fd = _open_node()
    try:
        fcntl.ioctl(fd, _TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | flags))
        if stays:
            fcntl.ioctl(fd, _TUNSETPERSIST, 1)
        if mac is not None:
            address = bytes.fromhex(mac.replace(":", ""))
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
                fcntl.ioctl(control, _SIOCSIFHWADDR, struct.pack("16sH6s16x", name.encode(), _ARPHRD_ETHER, address))
    except OSError as error:
        os.close(fd)
        raise _mended(error, name, mac) from None
    return fd


def _mended(error: OSError, name: str, mac: str | None) -> UserError:
    if error.errno in {errno.EBUSY, errno.EEXIST, errno.EINVAL}:
        return UserError(
            f"the interface name {name} is taken or not usable here ({error.strerror})",
            where=name,
            mend="choose another interface_name, or remove the other: ip link delete " + name,
            status=1,
        )
    if error.errno == errno.EADDRNOTAVAIL:
        return UserError(f"{mac} is no unicast MAC address", where=name, mend="clear the lowest bit of its first octet", status=2)
    return UserError(
        f"the kernel refuses a TAP: {error.strerror}", where=name, mend="run as root, or allow user namespaces", status=1
    )
