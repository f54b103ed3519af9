"""Reading captures: every format against files made octet by octet, by scapy, and by Wireshark's tools."""

import gzip
import shutil
import struct
import zlib

import pytest
from captures import block, enhanced, interface, old, option, pcap, read, section, simple, tool
from hypothesis import given, settings
from hypothesis import strategies as st
from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Ether
from scapy.utils import PcapNgWriter, wrpcap

from fastpath.capture import Capture, CaptureError

SECOND = 10**9
FRAMES = [(SECOND * 5 + 1000 * n, bytes([2, 0, 0, 0, 0, n] * 2) + b"\x88\xb5" + bytes(n)) for n in range(1, 20)]
WANTED = [(time, octets, 0) for time, octets in FRAMES]
wireshark = pytest.mark.skipif(shutil.which("editcap") is None, reason="editcap (Debian: wireshark-common) is not installed")


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("nano", [True, False])
@pytest.mark.parametrize("step", [1, 7, 1 << 20])
def test_pcap(order, nano, step):
    assert read(pcap(FRAMES, order=order, nano=nano), step) == (WANTED, "")


def test_upper_bits_of_the_link_type_are_masked():
    assert read(pcap(FRAMES, link=0xF4000001)) == (WANTED, "")


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("step", [1, 1 << 20])
def test_pcapng(order, step):
    """Sections in both byte orders, several interfaces, all three packet blocks, blocks to pass over."""
    other = ">" if order == "<" else "<"
    octets = (
        section(order)
        + interface(order=order)
        + interface(option(9, b"\x09", order), order=order)
        + block(0x80000BAD, b"skip me", order)
        + enhanced(5_000_001, FRAMES[0][1], order=order)
        + enhanced(7 * SECOND + 9, FRAMES[1][1], order=order, number=1)
        + simple(FRAMES[2][1], order=order)
        + old(8_000_000, FRAMES[3][1], order)
        + section(other)
        + interface(order=other)
        + enhanced(9_000_000, FRAMES[4][1], order=other)
    )
    times = [5_000_001_000, 7 * SECOND + 9, 7 * SECOND + 9, 8 * SECOND, 9 * SECOND]
    assert read(octets, step) == ([(time, FRAMES[n][1], 0) for n, time in enumerate(times)], "")


@pytest.mark.parametrize(
    ("resolution", "ticks", "nanoseconds"),
    [
        (0, 3, 3 * SECOND),
        (3, 1500, 3 * SECOND // 2),
        (12, 1_500_000, 1500),
        (25, 2**64 - 1, 1844),
        (30, 2**64 - 1, 0),
        (0x80, 5, 5 * SECOND),
        (0x81, 5, 5 * SECOND // 2),
        (0x80 | 32, 3 << 31, 3 * SECOND // 2),
        (0x80 | 64, 1 << 63, SECOND // 2),
        (0x80 | 127, 2**64 - 1, 0),
        (0, 2**64 - 1, 4294967295_999999999),
    ],
)
@pytest.mark.parametrize("order", "<>")
def test_clocks(resolution, ticks, nanoseconds, order):
    octets = (
        section(order) + interface(option(9, bytes([resolution]), order), order=order) + enhanced(ticks, b"x" * 14, order=order)
    )
    assert read(octets)[0] == [(nanoseconds, b"x" * 14, 0)]


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize(("offset", "seconds"), [(100, 105), (-3, 2), (-100, 0), (2**63 - 1, None)])
def test_clock_offset(order, offset, seconds):
    options = option(14, struct.pack(order + "q", offset), order)
    ((time, _, _),), _ = read(section(order) + interface(options, order=order) + enhanced(5_000_000, b"x" * 14, order=order))
    assert time == (4294967295_999999999 if seconds is None else seconds * SECOND)


def test_cut_by_snaplen():
    """What was left out is told: by length fields, and for simple packets by the interface."""
    assert read(pcap(FRAMES[:1], left_out=9))[0] == [(*FRAMES[0], 9)]
    assert read(section() + interface() + enhanced(0, b"x" * 20, original=60))[0] == [(0, b"x" * 20, 40)]
    assert read(section() + interface(snaplen=20) + simple(b"x" * 20, original=61))[0] == [(0, b"x" * 20, 41)]


def test_gzip(tmp_path):
    whole = pcap(FRAMES)
    assert read(gzip.compress(whole)) == (WANTED, "")
    assert read(gzip.compress(whole[:100]) + gzip.compress(whole[100:]) + bytes(512), 11) == (WANTED, "")
    octets = section() + interface() + enhanced(1, b"x" * 14)
    assert read(gzip.compress(octets)) == ([(1000, b"x" * 14, 0)], "")


def test_gzip_cut_short():
    packed = gzip.compress(pcap(FRAMES))
    for end in range(2, len(packed)):
        records, fault = read(packed[:end])
        assert records == WANTED[: len(records)]
        assert "cut short" in fault
    records, fault = read(packed[:-8] + b"\xff" * 8)
    assert records == WANTED
    assert "damaged" in fault


@pytest.mark.parametrize("step", [100, 1 << 30])
def test_gzip_damaged(step):
    """All that stands before the damage is read, however few octets it was compressed to."""
    frames = [(n, bytes(1000)) for n in range(400)]
    packer = zlib.compressobj(wbits=31)
    packed = packer.compress(pcap(frames)) + packer.flush(zlib.Z_FULL_FLUSH)
    records, fault = read(packed + b"\xff" * 20, step)
    assert len(records) == 400
    assert "damaged" in fault


@pytest.mark.parametrize("octets", [pcap(FRAMES[:4]), section() + interface() + b"".join(enhanced(n, b"x" * n) for n in range(4))])
def test_cut_at_every_octet(octets):
    """Everything before the cut is delivered, then record number and offset are told."""
    whole, fault = read(octets)
    assert len(whole) == 4
    assert fault == ""
    for end in range(len(octets)):
        records, fault = read(octets[:end])
        assert records == whole[: len(records)]
        if fault:
            assert f"cut short (record {len(records) + 1}, offset " in fault
        else:
            # Only between records or blocks.
            assert read(octets[:end] + octets[end:]) == (whole, "")
            assert end >= 24
    assert sum(not read(octets[:end])[1] for end in range(len(octets))) in (4, 5)


def test_fault_names_the_offset():
    octets = pcap(FRAMES[:2])
    assert read(octets[:-1])[1] == f"a.pcap: the file is cut short (record 2, offset {24 + 16 + len(FRAMES[0][1])})"


@pytest.mark.parametrize(
    ("octets", "what"),
    [
        (b"#!/bin/sh\nexit 0\n", "neither pcap nor pcapng"),
        (b"PK\3\4", "neither pcap nor pcapng"),
        (pcap([], link=105), "IEEE 802.11 .link type 105. cannot become Ethernet"),
        (pcap([], link=147), "link type 147 cannot become Ethernet"),
    ],
)
def test_not_a_capture(octets, what):
    with pytest.raises(CaptureError, match=what):
        read(octets)


@pytest.mark.parametrize(
    ("octets", "fault"),
    [
        (b"", "cut short (record 1, offset 0)"),
        (pcap([]) + struct.pack("<IIII", 0, 0, 0xFFFFFFFF, 14), "beyond 262,144 octets (record 1, offset 24)"),
        (section() + block(1, struct.pack("<HHI", 9, 0, 0)) + enhanced(0, b"x" * 14), "PPP (link type 9) cannot become Ethernet"),
        (section() + enhanced(0, b"x" * 14), "interface is not described"),
        (section() + struct.pack("<III", 1, 8, 0), "length is not possible"),
        (section() + struct.pack("<II", 6, 0xFFFFFFFC) + bytes(9), "beyond 327,680"),
        (section() + interface()[:-4] + bytes(4), "lengths differ"),
        (section() + interface() + block(6, struct.pack("<IIIII", 0, 0, 0, 999, 999)), "longer than its block"),
        (section() + struct.pack("<III", 0x0A0D0D0A, 28, 7) + bytes(16), "section header"),
    ],
)
def test_faults(octets, fault):
    """What cannot be is told, and nothing is allocated for it."""
    try:
        assert fault in read(octets)[1]
    except CaptureError as error:
        assert fault in str(error)


def test_many_interfaces_are_bounded():
    records, fault = read(section() + interface() * 65537)
    assert "more than 65,536 interfaces" in fault
    assert records == []


@settings(deadline=None, max_examples=400)
@given(st.data())
def test_mutated_files_never_crash(data):
    octets = bytearray(
        data.draw(
            st.sampled_from(
                [
                    pcap(FRAMES[:3]),
                    pcap(FRAMES[:3], order=">", nano=False, link=276),
                    section(">")
                    + interface(option(9, b"\x86", ">"), order=">", link=113)
                    + enhanced(99, b"x" * 40, order=">")
                    + simple(b"y", order=">"),
                    section() + interface(option(14, bytes(8)), snaplen=9) + old(5, b"z" * 60) + enhanced(9, b"a" * 33),
                ]
            )
        )
    )
    for _ in range(data.draw(st.integers(1, 6))):
        octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(st.sampled_from([0, 1, 4, 255]) | st.integers(0, 255))
    try:
        records, _ = read(bytes(octets), data.draw(st.sampled_from([1, 13, 1 << 20])))
    except CaptureError:
        return
    assert sum(len(record[1]) for record in records) < len(octets) + 14 * len(records)


# -- other people's files ------------------------------------------------------------------------------------------------

PACKETS = [
    Ether(src="02:42:0a:00:00:01", dst="02:42:0a:00:00:02") / IP(src="10.0.0.1", dst="10.0.0.2") / UDP(dport=n) / bytes(n)
    for n in range(0, 1400, 77)
]
for second, packet in enumerate(PACKETS):
    packet.time = 1_600_000_000 + second + 0.25


def from_file(path) -> list[tuple[int, bytes]]:
    with path.open("rb", buffering=0) as file:
        capture = Capture(file, str(path))
        records = [(time, octets) for time, octets, _ in capture]
        assert capture.fault is None
    return records


EXPECTED = [((1_600_000_000 + n) * SECOND + SECOND // 4, bytes(packet)) for n, packet in enumerate(PACKETS)]


@pytest.mark.parametrize("options", [{}, {"nano": True}, {"endianness": ">"}, {"gz": 1}])
def test_scapy_pcap(tmp_path, options):
    wrpcap(str(tmp_path / "a.pcap"), PACKETS, **options)
    assert from_file(tmp_path / "a.pcap") == EXPECTED


def test_scapy_pcapng(tmp_path):
    with PcapNgWriter(str(tmp_path / "a.pcapng")) as writer:
        writer.write(PACKETS)
    assert from_file(tmp_path / "a.pcapng") == EXPECTED


@wireshark
@pytest.mark.parametrize("kind", ["pcapng", "nsecpcap", "pcap", "modpcap"])
def test_wireshark(tmp_path, kind):
    wrpcap(str(tmp_path / "a.pcap"), PACKETS)
    tool("editcap", "-F", kind, tmp_path / "a.pcap", tmp_path / "b")
    if kind == "modpcap":
        # Alexey Kuznetzov's variant, last written in 2000.
        with pytest.raises(CaptureError, match="neither"):
            from_file(tmp_path / "b")
    else:
        assert from_file(tmp_path / "b") == EXPECTED


@wireshark
def test_wireshark_snaplen_and_comment(tmp_path):
    wrpcap(str(tmp_path / "a.pcap"), PACKETS)
    tool("editcap", "-s", "60", "-a", "1:hello", tmp_path / "a.pcap", tmp_path / "b")
    with (tmp_path / "b").open("rb", buffering=0) as file:
        records = list(Capture(file, "b"))
    assert [(octets, left_out) for _, octets, left_out in records] == [
        (bytes(packet)[:60], max(0, len(packet) - 60)) for packet in PACKETS
    ]


# -- link types ----------------------------------------------------------------------------------------------------------

V4 = bytes(IP(src="10.0.0.1", dst="10.0.0.2") / UDP())
V6 = bytes(IPv6(src="fd00::1:2", dst="fd00::3:4") / UDP())
ARP_REQUEST = bytes.fromhex("0001080006040001 02420a000001 0a000001 000000000000 0a000002".replace(" ", ""))
ARP_REPLY = bytes.fromhex("0001080006040002 02420a000002 0a000002 02420a000001 0a000001".replace(" ", ""))


def sll(kind: int, protocol: int, payload: bytes, address: bytes = bytes(6), n: int = 6) -> bytes:
    return struct.pack(">HHH8sH", kind, 1, n, address, protocol) + payload


def sll2(kind: int, protocol: int, payload: bytes, address: bytes = bytes(6), n: int = 6) -> bytes:
    return struct.pack(">HHIHBB8s", protocol, 0, 1, 1, kind, n, address) + payload


@pytest.mark.parametrize(
    ("link", "octets", "header"),
    [
        (101, V4, "02420a000002 02420a000001 0800"),
        (12, V4, "02420a000002 02420a000001 0800"),
        (228, V4, "02420a000002 02420a000001 0800"),
        (101, V6, "024200030004 024200010002 86dd"),
        (229, V6, "024200030004 024200010002 86dd"),
        (101, bytes(IP(src="10.0.0.1", dst="239.129.2.3")), "01005e010203 02420a000001 0800"),
        (101, bytes(IP(src="10.0.0.1", dst="255.255.255.255")), "ffffffffffff 02420a000001 0800"),
        (101, bytes(IPv6(src="fd00::1:2", dst="ff02::1:ff00:9")), "3333ff000009 024200010002 86dd"),
        (101, b"", "ffffffffffff 024200000000 0800"),
        (0, struct.pack("<I", 2) + V4, "02420a000002 02420a000001 0800"),
        (0, struct.pack(">I", 30) + V6, "024200030004 024200010002 86dd"),
        (108, struct.pack(">I", 2) + V4, "02420a000002 02420a000001 0800"),
        *(
            (link, *case)
            for link, make in ((113, sll), (276, sll2))
            for case in [
                (make(0, 0x0800, V4, bytes.fromhex("0a1122334455")), "02420a000002 0a1122334455 0800"),
                (make(0, 0x0800, V4), "02420a000002 02420a000001 0800"),
                (make(4, 0x86DD, V6, b"\1" * 8, 8), "024200030004 024200010002 86dd"),
                (make(1, 0x0800, V4), "ffffffffffff 02420a000001 0800"),
                (make(1, 0x0806, ARP_REQUEST), "ffffffffffff 02420a000001 0806"),
                (make(0, 0x0806, ARP_REPLY), "02420a000001 02420a000002 0806"),
                (make(0, 0x8100, b"\0\5\x08\0" + V4), "02420a000002 02420a000001 8100"),
                (make(2, 0x0004, b"\x42\x42\x03abc", b"\2" * 6), "ffffffffffff 020202020202 0006"),
            ]
        ),
    ],
)
def test_other_links_get_an_ethernet_header(link, octets, header):
    skipped = {0: 4, 108: 4, 113: 16, 276: 20}.get(link, 0)
    wanted = bytes.fromhex(header.replace(" ", "")) + octets[skipped:]
    assert read(pcap([(0, octets)], link=link)) == ([(0, wanted, 0)], "")


@pytest.mark.parametrize(("link", "length"), [(0, 3), (108, 0), (113, 15), (276, 19), (276, 0)])
def test_too_short_for_the_link_header(link, length):
    assert read(pcap([(0, bytes(length))], link=link)) == ([(0, b"", 0)], "")
