"""Captures through an engine and out again: order, timers, who owns what, what is dropped and how it is told."""

import gc
import io
import random
import shutil
import struct
import time
from collections import Counter

import pytest
from captures import enhanced, interface, pcap, read, section, tool
from hypothesis import given, settings
from hypothesis import strategies as st
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.l2 import Ether
from scapy.packet import Raw
from scapy.utils import PcapNgReader, RawPcapReader, rdpcap
from test_offload import Super

from fastpath import Bridge, Engine, MemoryPort, Outbox
from fastpath.capture import Capture
from fastpath.pcap import PcapPort
from fastpath.replay import OwnerError, Replay
from fastpath.writer import DropWriter, PcapWriter

SECOND = 10**9
A, B, C = (bytes.fromhex(f"02420a00000{n}") for n in (1, 2, 3))
BROADCAST = b"\xff" * 6


def frame(source: bytes, target: bytes, payload: bytes = b"payload") -> bytes:
    return target + source + b"\x88\xb5" + payload


class Bench:
    """A bridge with three ports, a.pcap to c.pcap; `files` go in, what comes out is read back."""

    def __init__(self, folder, *, ageing=300 * SECOND, seed=0, burst=256, mtu=1500, drops=False, **options) -> None:
        self.folder = folder
        self.engine = Engine(seed=seed, burst=burst)
        self.bridge = Bridge(self.engine, "front", ageing=ageing)
        self.writers = {name: PcapWriter(folder / f"{name}.pcap") for name in "abc"}
        self.ports = {}
        for name, writer in self.writers.items():
            port = self.ports[name] = PcapPort(self.engine, name, writer=writer, mtu=mtu, **options)
            port.lead_to(self.bridge, self.bridge.add_member(port))
        self.drops = DropWriter(folder / "drops.pcapng", {port.index: name for name, port in self.ports.items()}) if drops else None
        self.replay = Replay(self.engine, drops=self.drops)

    def add(self, port: str | None, octets: bytes, name: str = "in.pcap") -> None:
        self.replay.add(Capture(io.BytesIO(octets), name), self.ports[port] if port else None)

    def run(self, **options) -> list[str]:
        faults = self.replay.run(**options)
        for writer in [*self.writers.values(), *([self.drops] if self.drops else [])]:
            writer.close()
        return [str(fault) for fault in faults]

    def out(self, port: str) -> list[tuple[int, bytes]]:
        records, fault = read((self.folder / f"{port}.pcap").read_bytes())
        assert fault == ""
        return [(time, octets) for time, octets, _ in records]

    def dropped(self) -> dict[str, int]:
        total: Counter[str] = Counter()
        for row in self.engine.drops():
            if row["scope"] == "node":
                total[str(row["reason"])] += int(row["count"])
        return dict(total)


def test_inputs_merge_by_time(tmp_path):
    """Equal times go in the order of the inputs, then of the file; a time that steps back is the latest seen, and counted."""
    bench = Bench(tmp_path)
    names = [frame(A, BROADCAST, bytes([n])) for n in range(6)]
    bench.add("a", pcap([(10, names[0]), (30, names[3]), (20, names[4])]))
    bench.add("b", pcap([(10, names[1]), (20, names[2]), (40, names[5])]))
    assert bench.run() == []
    assert bench.out("c") == list(zip([10, 10, 20, 30, 30, 40], names, strict=True))
    assert bench.replay.records == 6
    assert bench.replay.steps_back == 1
    assert bench.out("b") == [(10, names[0]), (30, names[3]), (30, names[4])]


def test_time_goes_by_the_capture(tmp_path):
    """BR-6: the station is forgotten when its age says so in the capture's own time."""
    bench = Bench(tmp_path, ageing=100 * SECOND)
    bench.add("a", pcap([(0, frame(A, B))]))
    bench.add("b", pcap([(60 * SECOND, frame(B, A)), (170 * SECOND, frame(B, A))]))
    bench.run()
    assert bench.out("c") == [(0, frame(A, B)), (170 * SECOND, frame(B, A))]
    assert bench.bridge.named_counters()["aged"] >= 1


def test_auto(tmp_path):
    bench = Bench(tmp_path)
    bench.replay.own(int.from_bytes(A), bench.ports["a"])
    bench.replay.own(int.from_bytes(B), bench.ports["b"])
    bench.replay.own_rest(bench.ports["c"])
    bench.add(None, pcap([(1, frame(A, B)), (2, frame(B, A)), (3, frame(C, BROADCAST)), (4, b"")]))
    assert bench.run() == []
    assert bench.out("a") == [(2, frame(B, A)), (3, frame(C, BROADCAST))]
    assert bench.out("b") == [(1, frame(A, B)), (3, frame(C, BROADCAST))]
    assert bench.out("c") == [(1, frame(A, B))]
    assert bench.dropped() == {"runt": 1}


@pytest.mark.parametrize(("octets", "mac"), [(frame(C, A), int.from_bytes(C)), (b"short", None), (frame(bytes(6), A), 0)])
def test_auto_without_an_owner(tmp_path, octets, mac):
    bench = Bench(tmp_path)
    bench.replay.own(int.from_bytes(A), bench.ports["a"])
    bench.add(None, pcap([(1, frame(A, B)), (2, octets)]), "b.pcap")
    with pytest.raises(OwnerError, match=r"b\.pcap: record 2 comes from") as caught:
        bench.run()
    assert (caught.value.record, caught.value.mac) == (2, mac)


def test_auto_of_a_cooked_capture(tmp_path):
    bench = Bench(tmp_path)
    bench.replay.own(int.from_bytes(A), bench.ports["a"])
    packet = bytes(IP(src="10.0.0.1", dst="10.0.0.2") / UDP())
    bench.add(None, pcap([(1, packet)], link=101))
    bench.run()
    assert bench.out("b") == [(1, B + A + b"\x08\0" + packet)]


def test_what_cannot_be_forwarded_is_dropped_by_name(tmp_path):
    """Sliced, too long, too short; the frames around them pass."""
    bench = Bench(tmp_path, mtu=65535, drops=True)
    good = frame(A, BROADCAST)
    octets = section() + interface()
    for number, (kept, original) in enumerate(
        [
            (good, None),
            (good, 99),
            (bytes(13), None),
            (b"", 60),
            (bytes(65550), None),
            (frame(A, BROADCAST, bytes(65535)), None),
            (good, None),
        ]
    ):
        octets += enhanced(number, kept, original=original)
    bench.add("a", octets)
    assert bench.run() == []
    assert [len(octets) for _, octets in bench.out("b")] == [21, 65549, 21]
    assert bench.dropped() == {"sliced": 2, "runt": 1, "oversize": 1}
    rows = {row["node"]: row for row in bench.engine.counters()}
    assert rows["a"]["in"] == rows["a"]["out"] + rows["a"]["dropped"] == 7
    comments = [packet.comment.decode() for packet in PcapNgReader(str(tmp_path / "drops.pcapng"))]
    assert [text.split(":")[0] for text in comments] == [
        "sliced, record 2",
        "runt, record 3",
        "sliced, record 4",
        "oversize, record 5",
    ]


def test_drops_say_port_reason_and_record(tmp_path):
    bench = Bench(tmp_path, drops=True)
    bench.add("a", pcap([(5, frame(A, B)), (6, frame(A, A, b"odd"))]))
    bench.add("b", pcap([(7 * SECOND + 3, frame(BROADCAST, A))]))
    bench.run()
    file = tmp_path / "drops.pcapng"
    if shutil.which("tshark"):
        fields = ["frame.interface_name", "frame.comment", "frame.time_epoch"]
        told = tool("tshark", "-r", file, "-T", "fields", *(part for field in fields for part in ("-e", field)))
        rows = [line.split("\t") for line in told.splitlines()]
        assert [row[0] for row in rows] == ["a", "b"]
        assert rows[0][1] == "same port, record 2: the destination is on the port the frame came from"
        assert rows[1][1].startswith("invalid source, record 1: ")
        assert rows[1][2] == "7.000000003"
    assert read(file.read_bytes()) == ([(6, frame(A, A, b"odd"), 0), (7 * SECOND + 3, frame(BROADCAST, A), 0)], "")


def test_drops_are_written_while_it_runs_only(tmp_path):
    """The engine may outlive the replay and its files."""
    bench = Bench(tmp_path, drops=True)
    bench.add("a", pcap([(5, frame(A, A))]))
    bench.run()
    engine, port = bench.engine, MemoryPort(bench.engine, "late")
    del bench
    gc.collect()
    port.push(frame(A, B))
    engine.turn(6)
    assert len(read((tmp_path / "drops.pcapng").read_bytes())[0]) == 1


def test_cut_short_is_told_after_all_else_was_replayed(tmp_path):
    bench = Bench(tmp_path)
    bench.add("a", pcap([(1, frame(A, B)), (2, frame(A, B))])[:-1], "cut.pcap")
    bench.add("b", pcap([(3, frame(B, C)), (4, frame(B, C))]), "whole.pcap")
    bench.add("c", section() + interface(link=105) + enhanced(0, b"x"), "radio.pcapng")
    cut, radio = sorted(bench.run())
    assert cut == "cut.pcap: the file is cut short (record 2, offset 61)"
    assert radio == "radio.pcapng: IEEE 802.11 (link type 105) cannot become Ethernet frames (record 1, offset 56)"
    assert [octets for _, octets in bench.out("c")] == [frame(A, B), frame(B, C), frame(B, C)]


def test_same_as_in_memory_whatever_the_burst(tmp_path):
    """Replay, and the same frames pushed one by one in turns of their own, give the same octets at the same times."""
    choose = random.Random(7)
    stations = [bytes([2, 0, 0, 0, 0, n]) for n in range(1, 30)]
    inputs = {name: [] for name in "abc"}
    clock = 0
    for number in range(3000):
        clock += choose.choice([0, 1, 1000, 20 * SECOND])
        name = choose.choice("abc")
        record = (
            clock,
            frame(
                choose.choice(stations), choose.choice([*stations, BROADCAST]), struct.pack(">I", number) * choose.randrange(1, 300)
            ),
        )
        inputs[name].append(record)
    merged = sorted(((time, name, octets) for name in "abc" for time, octets in inputs[name]), key=lambda row: row[:2])
    order = []
    outbox = Outbox()
    engine = Engine()
    bridge = Bridge(engine, "front")
    ports = {name: MemoryPort(engine, name, outbox=outbox) for name in "abc"}
    for port in ports.values():
        port.lead_to(bridge, bridge.add_member(port))
    for time_, name, octets in merged:
        ports[name].push(octets)
        engine.turn(time_)
    order = outbox.take()
    for burst in (1, 256):
        (tmp_path / str(burst)).mkdir()
        bench = Bench(tmp_path / str(burst), burst=burst)
        for name in "abc":
            bench.add(name, pcap(inputs[name]))
        assert bench.run() == []
        assert bench.replay.steps_back == 0
        for name, port in ports.items():
            assert bench.out(name) == [(time_, octets) for index, time_, octets in order if index == port.index]


def test_speed(tmp_path):
    """Real time passes between records, in proportion, and is not counted as work."""
    bench = Bench(tmp_path)
    bench.add("a", pcap([(SECOND * 9, frame(A, B)), (SECOND * 12, frame(A, C))]))
    began = time.monotonic()
    bench.run(speed=10.0)
    took = time.monotonic() - began
    assert took > 0.29
    assert bench.replay.spent < (took - 0.29) * SECOND
    assert len(bench.out("b")) == 2


def test_any_speed(tmp_path):
    bench = Bench(tmp_path)
    bench.add("a", pcap([(SECOND, frame(A, B)), (4294967295 * SECOND, frame(A, C))]))
    bench.run(speed=1e300)
    assert len(bench.out("b")) == 2


def test_written_files_are_read_by_others(tmp_path):
    bench = Bench(tmp_path)
    packets = [Ether(src="02:42:0a:00:00:01", dst="02:42:0a:00:00:02") / IP() / UDP() / bytes(n) for n in (0, 5, 1400)]
    bench.add("a", pcap([(1_700_000_000 * SECOND + n, bytes(packet)) for n, packet in enumerate(packets)]))
    bench.add("a", pcap([(4294967295_999999999, frame(A, B))]))
    bench.run()
    assert [bytes(packet) for packet in rdpcap(str(tmp_path / "b.pcap"))][:3] == [bytes(packet) for packet in packets]
    with RawPcapReader(str(tmp_path / "b.pcap")) as reader:
        assert reader.nano
        assert [(meta.sec, meta.usec) for _, meta in reader][2:] == [(1_700_000_000, 2), (4294967295, 999999999)]
    assert (tmp_path / "a.pcap").read_bytes() == pcap([])[:16] + struct.pack("<II", 262144, 1)
    if shutil.which("capinfos"):
        told = tool("capinfos", "-c", "-E", tmp_path / "b.pcap")
        assert "4" in told
        assert "Ethernet" in told


def test_disk_full():
    """Frames that cannot be written are dropped by name, and closing tells why."""
    engine = Engine()
    writer = PcapWriter("/dev/full")
    port, other = PcapPort(engine, "a", writer=writer), PcapPort(engine, "b")
    other.lead_to(port)
    replay = Replay(engine)
    replay.add(Capture(io.BytesIO(pcap([(n, frame(A, B, bytes(1000))) for n in range(200)])), "x"), other)
    replay.run()
    dropped = [row["count"] for row in engine.drops() if row["reason"] == "write refused" and row["scope"] == "node"]
    assert dropped
    assert dropped[0] > 50
    with pytest.raises(OSError, match="No space left"):
        writer.close()


# -- captures of offloading hosts ----------------------------------------------------------------------------------------

ETHER = Ether(src="02:42:0a:00:00:01", dst="02:42:0a:00:00:02")


def with_pseudo_sum(packet) -> bytes:
    """As a host that leaves checksums to its card shows it to a capture."""
    return Super(packet, 0).octets


def test_complete_checksums(tmp_path):
    frames = [ETHER / IP(src="10.0.0.1", dst="10.0.0.2") / layer / b"data" for layer in (TCP(), UDP())]
    wrong = bytearray(bytes(frames[0]))
    wrong[50] ^= 1
    octets = [*(with_pseudo_sum(packet) for packet in frames), bytes(frames[1]), bytes(wrong)]
    for complete in (False, True):
        (tmp_path / str(complete)).mkdir()
        bench = Bench(tmp_path / str(complete), complete_checksums=complete)
        bench.add("a", pcap(list(enumerate(octets))))
        bench.run()
        wanted = octets if not complete else [bytes(frames[0]), bytes(frames[1]), bytes(frames[1]), bytes(wrong)]
        assert [out for _, out in bench.out("b")] == wanted


@pytest.mark.parametrize("segment", [False, True])
def test_segment(tmp_path, segment):
    """A super-frame leaves as segments of the MTU; without --segment it is too large for the port."""
    bench = Bench(tmp_path, segment=segment)
    payload = random.Random(3).randbytes(5000)
    frames = [ETHER / IP(src="10.0.0.1", dst="10.0.0.2", id=5) / layer / Raw(payload) for layer in (TCP(seq=7, flags="PA"), UDP())]
    bench.add("a", pcap([(1, bytes(frames[0])), (2, bytes(frames[1]))]))
    bench.run()
    out = [octets for _, octets in bench.out("b")]
    if not segment:
        assert out == []
        assert bench.dropped() == {"mtu": 4}
        return
    assert [len(octets) for octets in out] == [1514, 1514, 1514, 674, 1514, 1514, 1514, 626]
    parsed = [Ether(octets) for octets in out]
    assert b"".join(bytes(packet[TCP].payload) for packet in parsed[:4]) == payload
    assert b"".join(bytes(packet[UDP].payload) for packet in parsed[4:]) == payload
    assert [packet[TCP].seq for packet in parsed[:4]] == [7, 1467, 2927, 4387]
    for packet, octets in zip(parsed, out, strict=True):
        for layer in (IP, TCP, UDP):
            if layer in packet:
                del packet[layer].chksum
        assert bytes(packet) == octets
    row = next(row for row in bench.engine.counters() if row["node"] == "b")
    assert (row["in"], row["cloned"], row["out"]) == (2, 6, 8)


@pytest.mark.parametrize(("mtu", "out"), [(1500, 4), (1499, 0), (1460, 0), (1446, 0)])
def test_segments_larger_than_the_mtu_of_another_port_do_not_leave_there(tmp_path, mtu, out):
    """BR-13: each segment counts with its headers."""
    bench = Bench(tmp_path, segment=True)
    bench.ports["b"].set_mtu(mtu)
    bench.add("a", pcap([(1, bytes(ETHER / IP(src="10.0.0.1", dst="10.0.0.2") / TCP() / bytes(5000)))]))
    bench.run()
    assert len(bench.out("b")) == out
    assert len(bench.out("c")) == 4


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_mutated_captures_keep_the_equation(tmp_path_factory, data):
    """in + cloned + originated == out + consumed + dropped + held, whatever a file holds."""
    octets = bytearray(
        pcap([(n, with_pseudo_sum(ETHER / IP(src="10.0.0.1", dst="10.0.0.2") / UDP() / bytes(n * 700))) for n in range(4)])
    )
    for _ in range(data.draw(st.integers(0, 12))):
        octets[data.draw(st.integers(24, len(octets) - 1))] = data.draw(st.integers(0, 255))
    bench = Bench(tmp_path_factory.mktemp("mutated"), complete_checksums=True, segment=True)
    bench.add("a", bytes(octets))
    bench.run()
    for row in bench.engine.counters():
        assert row["in"] + row["cloned"] + row["originated"] == row["out"] + row["consumed"] + row["dropped"] + row["held"]
