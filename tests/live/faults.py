"""Faults on demand: from now on, in this thread, system calls on one descriptor fail (seccomp, linux/seccomp.h)."""

import ctypes
import struct

READ, WRITE, WRITEV = 0, 1, 20  # x86-64
PR_SET_SECCOMP, SECCOMP_MODE_FILTER, PR_SET_NO_NEW_PRIVS = 22, 2, 38
ALLOW, ERRNO = 0x7FFF0000, 0x00050000
LOAD, EQUAL, RETURN = 0x20, 0x15, 0x06

_libc = ctypes.CDLL(None, use_errno=True)


def fail(calls: tuple[int, ...], fd: int, error: int) -> None:
    """Calls with `fd` as their first argument return `error` without reaching the kernel's device."""
    program = [
        (LOAD, 0, 0, 0),  # the call's number
        # Each that holds skips those left and the RETURN behind them.
        *((EQUAL, len(calls) - at, 0, call) for at, call in enumerate(calls)),
        (RETURN, 0, 0, ALLOW),
        (LOAD, 0, 0, 16),  # the low half of its first argument
        (EQUAL, 0, 1, fd),
        (RETURN, 0, 0, ERRNO | error),
        (RETURN, 0, 0, ALLOW),
    ]
    octets = b"".join(struct.pack("=HBBI", *step) for step in program)
    buffer = ctypes.create_string_buffer(octets)
    description = struct.pack("@HP", len(program), ctypes.addressof(buffer))
    _libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if _libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.create_string_buffer(description), 0, 0):
        raise OSError(ctypes.get_errno(), "seccomp")
