"""Streams between descriptors and a connection: multiplexed as Docker frames them, and raw; half-closed ones stay open."""

import os
import socket
import struct
import threading

from dataplane.client.carry import carry, frames


def frame(stream: int, data: bytes) -> bytes:
    return struct.pack(">B3xI", stream, len(data)) + data


def test_streams_are_told_apart_however_they_are_cut():
    whole = frame(1, b"out") + frame(2, b"err") + frame(1, b"") + frame(1, b"more")
    for size in (1, 3, 8, 100):
        blocks = iter([whole[at : at + size] for at in range(0, len(whole), size)])
        assert list(frames(blocks)) == [(1, b"out"), (2, b"err"), (1, b""), (1, b"more")]


def test_input_ends_and_output_goes_on():
    """Issue 5: "half-closed streams stay open": what comes after our end of input arrives."""
    ours, theirs = socket.socketpair()
    in_read, in_write = os.pipe()
    out_read, out_write = os.pipe()
    os.write(in_write, b"question")
    os.close(in_write)
    heard = []

    def other_side() -> None:
        while data := theirs.recv(100):
            heard.append(data)
        theirs.sendall(frame(1, b"answer") + frame(2, b"!"))
        theirs.close()

    thread = threading.Thread(target=other_side, daemon=True)
    thread.start()
    assert carry(ours, frame(1, b"early "), (in_read, out_write, out_write), multiplexed=True) is False
    thread.join(10)
    os.close(out_write)
    assert b"".join(heard) == b"question"
    assert os.read(out_read, 100) == b"early answer!"
    for fd in (in_read, out_read):
        os.close(fd)


def test_the_keys_leave_a_raw_stream():
    ours, theirs = socket.socketpair()
    in_read, in_write = os.pipe()
    os.write(in_write, b"ls\n\x10\x11never")
    assert carry(ours, b"", (in_read, 1, 2), multiplexed=False, keys=b"\x10\x11") is True
    assert theirs.recv(100) == b"ls\n"
    for end in (ours, theirs):
        end.close()
    for fd in (in_read, in_write):
        os.close(fd)
