"""What crosses an interface of this network namespace, as pcapng on standard output.

    python capturing.py INTERFACE COUNT SNAPLEN

A program: `dataplane capture` runs it inside a container, whose files are the host's, so it needs nothing but Python's library, and
no package around it. It goes on until COUNT frames (0: no end), the end of standard input, whose other end is with who asked, or
until the interface is down.
Frames are those of a packet socket (packet(7)): super-frames and checksums that an offload finishes are as the kernel has them.
Blocks and options: draft-ietf-opsawg-pcapng, 3.5 and 4.
"""

from __future__ import annotations

import errno
import os
import select
import socket
import struct
import sys
from collections.abc import Callable
from contextlib import suppress

ALL = 3  # ETH_P_ALL
SOL_PACKET, STATISTICS, AUXDATA = 263, 6, 8
TIMESTAMPNS, RCVBUFFORCE = 35, 33
VLAN_VALID, TPID_VALID = 1 << 4, 1 << 6  # TP_STATUS_… of struct tpacket_auxdata
AUX, STAMP, COUNTS = struct.Struct("=IIIHHHH"), struct.Struct("@qq"), struct.Struct("=II")
QUEUE = 16 << 20
"""Octets that wait in the kernel while our reader is slow; beyond them frames are lost, and counted."""
LARGEST = 1 << 18
"""Octets of a frame, at most."""
AT_ONCE = 256
INBOUND, OUTBOUND = 1, 2
SECTION, INTERFACE, STATISTICS_BLOCK, PACKET = 0x0A0D0D0A, 1, 5, 6
END = b"\0\0\0\0"


def block(kind: int, body: bytes) -> bytes:
    """A block."""
    padded = body + bytes(-len(body) % 4)
    length = struct.pack("=I", len(padded) + 12)
    return struct.pack("=I", kind) + length + padded + length


def option(code: int, value: bytes) -> bytes:
    """An option of a block."""
    return struct.pack("=HH", code, len(value)) + value + bytes(-len(value) % 4)


def head(interface: str, snaplen: int) -> bytes:
    """The section, and its one interface: Ethernet, times in nanoseconds."""
    about = option(4, b"dataplane capture") + END
    named = option(2, interface.encode()) + option(9, b"\x09") + END
    return block(SECTION, struct.pack("=IHHq", 0x1A2B3C4D, 1, 0, -1) + about) + block(
        INTERFACE, struct.pack("=HHI", 1, 0, snaplen) + named
    )


def packet(time: int, frame: bytes, snaplen: int, direction: int) -> bytes:
    """A frame at ``time`` (ns since 1970)."""
    kept = frame[:snaplen]
    start = struct.pack("=IIIII", 0, time >> 32, time & 0xFFFFFFFF, len(kept), len(frame))
    return block(PACKET, start + kept + bytes(-len(kept) % 4) + option(2, struct.pack("=I", direction)) + END)


def tail(time: int, seen: int, lost: int) -> bytes:
    """How many frames there were, and how many of them the kernel had no room for."""
    counts = option(4, struct.pack("=Q", seen)) + option(5, struct.pack("=Q", lost)) + END
    return block(STATISTICS_BLOCK, struct.pack("=III", 0, time >> 32, time & 0xFFFFFFFF) + counts)


class Tap:
    """A packet socket on an interface. OSError: there is none, or no right to. ``down``: the interface is, or gone."""

    def __init__(self, interface: str) -> None:
        self.down = False
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW | socket.SOCK_NONBLOCK, 0)
        try:
            self.socket.setsockopt(socket.SOL_SOCKET, RCVBUFFORCE, QUEUE)
        except OSError:  # not ours to force: as much as everybody may have
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, QUEUE)
        self.socket.setsockopt(socket.SOL_SOCKET, TIMESTAMPNS, 1)
        self.socket.setsockopt(SOL_PACKET, AUXDATA, 1)
        self.socket.bind((interface, ALL))
        self._room = bytearray(LARGEST)
        self._view = memoryview(self._room)

    def take(self) -> tuple[int, bytes, int] | None:
        """The next frame: its time, its octets, its direction; None where none waits."""
        try:
            length, ancillary, _, sender = self.socket.recvmsg_into([self._room], 256)
        except BlockingIOError:
            return None
        except OSError as error:
            if error.errno != errno.ENETDOWN:
                raise
            self.down = True  # told once, before the frames that came until then
            return self.take()
        time, frame = 0, bytes(self._view[:length])
        for level, kind, data in ancillary:
            if level == socket.SOL_SOCKET and kind == TIMESTAMPNS:
                seconds, nanoseconds = STAMP.unpack_from(data)
                time = seconds * 10**9 + nanoseconds
            elif level == SOL_PACKET and kind == AUXDATA:
                status, _, _, _, _, tag, protocol = AUX.unpack_from(data)
                if status & VLAN_VALID:  # the kernel keeps it beside the frame
                    frame = frame[:12] + struct.pack(">HH", protocol if status & TPID_VALID else 0x8100, tag) + frame[12:]
        return time, frame, OUTBOUND if sender[2] == socket.PACKET_OUTGOING else INBOUND

    def counts(self) -> tuple[int, int]:
        """Frames that came, and of these those that were lost, since the last call."""
        seen, lost = COUNTS.unpack(self.socket.getsockopt(SOL_PACKET, STATISTICS, COUNTS.size))
        return seen, lost


def capture(tap: Tap, write: Callable[[bytes], None], *, stop: int, count: int, snaplen: int) -> tuple[int, int]:
    """Until ``count`` frames are written, ``stop`` (a descriptor) is at its end, or the interface down: frames written, and frames
    lost."""
    poll = select.poll()
    poll.register(tap.socket, select.POLLIN)
    poll.register(stop, select.POLLIN)
    written = last = 0
    while not count or written < count:
        ready = dict(poll.poll(0 if tap.down else None))
        out: list[bytes] = []
        while len(out) < AT_ONCE and (not count or written < count) and (taken := tap.take()) is not None:
            last, frame, direction = taken
            out.append(packet(last, frame, snaplen, direction))
            written += 1
        write(b"".join(out))
        if (tap.down and not out) or (stop in ready and not os.read(stop, 4096)):
            break
    seen, lost = tap.counts()
    write(tail(last, seen, lost))
    return written, lost


def main(interface: str, count: int, snaplen: int) -> int:
    """The exit status."""
    try:
        tap = Tap(interface)
    except PermissionError:
        print("dataplane: to capture takes the right to (CAP_NET_RAW), which this user has not here", file=sys.stderr)
        return 1
    except OSError as error:
        there = ", ".join(name for _, name in socket.if_nameindex())
        print(f"dataplane: no capture on {interface}: {error.strerror}\n  mend:  interfaces here: {there}", file=sys.stderr)
        return 1

    def write(data: bytes) -> None:
        while data:
            data = data[os.write(1, data) :]

    with suppress(BrokenPipeError):
        write(head(interface, snaplen))
        written, lost = capture(tap, write, stop=0, count=count, snaplen=snaplen)
        why = f"; {interface} is down, or gone" if tap.down else ""
        print(f"{written:,} frames captured on {interface}, {lost:,} lost{why}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
