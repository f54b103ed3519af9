"""The program that `dataplane capture` runs in a container: blocks as pcapng has them, and when it ends."""

import os
import socket
import struct

import pytest

from dataplane import capturing


def blocks(data):
    """(type, body) of each; lengths at both ends agree."""
    found = []
    while data:
        kind, length = struct.unpack_from("=II", data)
        assert length % 4 == 0
        assert struct.unpack_from("=I", data, length - 4) == (length,)
        found.append((kind, data[8 : length - 4]))
        data = data[length:]
    return found


def options(data):
    found = {}
    while data:
        code, length = struct.unpack_from("=HH", data)
        if code == 0:
            break
        found[code], data = data[4 : 4 + length], data[4 + length + -length % 4 :]
    return found


def test_a_file_begins_with_its_interface():
    (section, begin), (interface, about) = blocks(capturing.head("eth0", 96))
    assert (section, interface) == (0x0A0D0D0A, 1)
    assert struct.unpack_from("=IHHq", begin) == (0x1A2B3C4D, 1, 0, -1)
    assert struct.unpack_from("=HHI", about) == (1, 0, 96)
    assert options(about[8:]) == {2: b"eth0", 9: b"\x09"}


@pytest.mark.parametrize("length", [60, 61, 96, 200])
def test_a_frame_has_its_time_its_length_and_its_direction(length):
    frame, time = bytes(range(200))[:length], (7 << 32) + 5
    ((kind, body),) = blocks(capturing.packet(time, frame, 96, capturing.OUTBOUND))
    assert (kind, *struct.unpack_from("=IIIII", body)) == (6, 0, 7, 5, min(96, length), length)
    kept = min(96, length)
    assert body[20 : 20 + kept] == frame[:kept]
    assert options(body[20 + kept + -kept % 4 :]) == {2: struct.pack("=I", 2)}


def test_the_end_says_what_was_lost():
    ((kind, body),) = blocks(capturing.tail((7 << 32) + 5, 10, 3))
    assert (kind, *struct.unpack_from("=III", body)) == (5, 0, 7, 5)
    assert options(body[12:]) == {4: struct.pack("=Q", 10), 5: struct.pack("=Q", 3)}


class Scripted:
    """A tap that has frames to give; where it has none it ends what asks for them, as who asked would."""

    def __init__(self, frames, ends):
        self.frames, self._ends, self.down = list(frames), ends, False
        self.socket, self._other = socket.socketpair()
        self._other.send(b"ready")

    def take(self):
        if not self.frames:
            self._ends()
            return None
        return self.frames.pop(0)

    def counts(self):
        return 9, 4


def captured(frames, *, count):
    reader, writer = os.pipe()
    held = [writer]
    out = []

    def end():
        while held:
            os.close(held.pop())

    tap = Scripted(frames, end)
    told = capturing.capture(tap, out.append, stop=reader, count=count, snaplen=1000)
    end()
    os.close(reader)
    return told, [kind for kind, _ in blocks(b"".join(out))]


def test_it_ends_with_its_input_and_what_waits_is_written_first():
    frames = [(n, bytes(60), capturing.INBOUND) for n in range(300)]
    assert captured(frames, count=0) == ((300, 4), [6] * 300 + [5])


def test_it_ends_after_so_many():
    frames = [(n, bytes(60), capturing.INBOUND) for n in range(300)]
    assert captured(frames, count=257) == ((257, 4), [6] * 257 + [5])


def test_it_ends_with_its_interface_and_what_waits_is_written_first():
    reader, writer = os.pipe()
    tap = Scripted([(n, bytes(60), capturing.INBOUND) for n in range(capturing.AT_ONCE)], lambda: None)
    tap.down = True
    assert capturing.capture(tap, lambda _data: None, stop=reader, count=0, snaplen=1000) == (capturing.AT_ONCE, 4)
    os.close(reader)
    os.close(writer)


@pytest.mark.skipif(os.geteuid() != 0, reason="a packet socket needs root")
def test_no_such_interface_is_told_with_those_that_are(capsys):
    assert capturing.main("nonesuch", 0, 1000) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("dataplane: no capture on nonesuch: No such device\n  mend:  interfaces here: ")
