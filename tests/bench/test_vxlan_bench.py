"""VXLAN's benchmarks measure what they say: traffic, headers, and verification that finds what is wrong."""

import json
import re

import numpy as np
import pytest
from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Ether
from scapy.layers.vxlan import VXLAN

from bench import cases, measure, outer, plot_vxlan, replay_vxlan, vxlan
from bench.settings import Settings, short, size
from bench.vxlan import Cell, Shape
from fastpath.wire import checksum


@pytest.fixture(params=[4, 6], ids=["ipv4", "ipv6"])
def version(request) -> int:
    return request.param


def judged(version: int, peers: int = 3) -> tuple[list[bytes], list[bytes], np.ndarray]:
    """Inner frames, and outer ones as a VTEP of ours has to send them."""
    inner, towards = Shape(flows=60, peers=peers, version=version).inner()
    flows = {frame[26:38]: 49152 + number for number, frame in enumerate(inner[:60])}
    rows = outer.headers(inner, towards, version, np.array([flows[frame[26:38]] for frame in inner]))
    return inner, [row.tobytes() + frame for row, frame in zip(rows, inner, strict=True)], towards


def test_the_header_is_scapys(version):
    """VX-1: made without the engine."""
    inner, sent, towards = judged(version)
    for frame, octets, peer in list(zip(inner, sent, towards.tolist(), strict=True))[:50]:
        packet = Ether(octets)
        network = packet[IP if version == 4 else IPv6]
        assert (network.src, network.dst) == (outer.local(version), outer.remote(version, peer))
        assert (packet.src, packet.dst) == (outer.LOCAL_MAC, outer.remote_mac(peer))
        assert (packet[UDP].dport, packet[UDP].len, packet[VXLAN].vni) == (4789, len(frame) + 16, outer.VNI)
        assert octets[outer.HEADERS[version] :] == frame
        if version == 4:
            assert checksum(octets[14:34]) == 0
            assert packet[UDP].chksum == 0
        else:
            start = 54
            assert checksum(octets[22:54] + bytes([0, 17]) + (len(octets) - start).to_bytes(2) + octets[start:]) == 0


def test_arriving_frames_are_from_the_peers(version):
    inner, towards = Shape(flows=10, peers=2, version=version).inner()
    for octets, peer in list(zip(outer.arriving(inner, towards, version), towards.tolist(), strict=True))[:20]:
        packet = Ether(octets)
        network = packet[IP if version == 4 else IPv6]
        assert (network.dst, network.src) == (outer.local(version), outer.remote(version, peer))
        assert (packet.dst, packet.src) == (outer.LOCAL_MAC, outer.remote_mac(peer))


@pytest.mark.parametrize(
    ("at", "what"),
    [
        (3, "outer header"),
        (16, "checksum|outer header"),
        (34, "two source ports|source port"),
        (42, "outer header"),
        (60, "inner frame"),
    ],
)
def test_verification_finds_what_is_wrong(at, what):
    """BM-13."""
    inner, sent, towards = judged(4)
    assert outer.judge(inner, sent, towards, 4) == len(inner)
    sent[7] = sent[7][:at] + bytes([sent[7][at] ^ 0x21]) + sent[7][at + 1 :]
    with pytest.raises(RuntimeError, match=what):
        outer.judge(inner, sent, towards, 4)
    with pytest.raises(RuntimeError, match="came out"):
        outer.judge(inner, sent[1:], towards, 4)


def test_one_source_port_for_all_is_found():
    """VX-4."""
    inner, _, towards = judged(4)
    rows = outer.headers(inner, towards, 4, np.full(len(inner), 50_000))
    with pytest.raises(RuntimeError, match="share 1 source ports"):
        outer.judge(inner, [row.tobytes() + frame for row, frame in zip(rows, inner, strict=True)], towards, 4)


@pytest.mark.parametrize("way", ["encap", "decap"])
@pytest.mark.parametrize(
    "shape", [Shape(flows=1), Shape(flows=300, peers=16, size="IMIX"), Shape(flows=100, version=6, burst=8)], ids=str
)
def test_a_cell_is_measured_and_verified(way, shape, monkeypatch):
    """BM-11, BM-13: every frame of the cycle through both paths; nothing flooded, nothing copied."""
    monkeypatch.setattr(vxlan, "ROUNDS", 1)
    monkeypatch.setattr(measure, "FRAMES", 1 << 12)
    table = vxlan.measured(way, way, "cell", [("one", shape)])
    assert len(table.rows) == 2
    assert all(len(row) == len(table.columns) for row in table.rows)
    assert int(re.search(r"verified: ([\d,]+)", table.notes[0])[1].replace(",", "")) >= 2 * 4096


def test_a_figure_with_floods_is_refused():
    """BM-13."""
    cell = Cell("encap", Shape(flows=100))
    path = cell.bridged()
    path.start()
    path.bridge.flush(int(path.vtep.tunnels(path.now)["member"].max()))
    path.spin(1 << 12)
    assert any("stations known" in line for line in path.problems())


def test_settings():
    assert size("imix") == size("IMIX")
    assert [short(n) for n in (1, 16, 1000, 100_000, 1_000_000, 1500)] == ["1", "16", "1 k", "100 k", "1 M", "1500"]
    for wrong in ("41", "x", "9000"):
        with pytest.raises(ValueError):
            size(wrong)
    assert Settings(sizes=("64",), outer=6).given == ["--size", "--outer"]
    assert [shape.flows for shape in vxlan.chosen(Settings(flows=(1, 2), outer=6))] == [1, 2]
    with pytest.raises(ValueError, match="bridge takes no --flows"):
        cases.run(["bridge"], settings=Settings(flows=(1,)))


def test_a_capture_beside_tcprewrite(tmp_path, monkeypatch):
    """What comes out is taken out of the tunnel again; a row with both rates, where tcprewrite is installed."""
    monkeypatch.setattr(replay_vxlan, "ROUNDS", 1)
    monkeypatch.setattr(replay_vxlan, "CYCLES", 1)
    table = replay_vxlan.table()
    assert [row[0] for row in table.rows] == list(replay_vxlan.CAPTURES)
    monkeypatch.setattr(replay_vxlan.shutil, "which", lambda _: None)
    capture = tmp_path / "some.pcap"
    with capture.open("wb") as file:
        replay_vxlan.write_capture(file, [bytes(60)] * 10)
    monkeypatch.setattr(replay_vxlan, "LEAST", 6000)
    table = replay_vxlan.table(Settings(pcap=str(capture)))
    assert table.rows[0][:2] == ("some.pcap", "100")
    assert "not run" in table.rows[0]


def test_the_command_takes_settings(tmp_path, monkeypatch):
    """`dataplane bench encap --size 64 --flows 10`: one table, a row for each combination and path."""
    from dataplane.cli.run import run

    monkeypatch.setattr(vxlan, "ROUNDS", 1)
    report = tmp_path / "report.json"
    words = ["bench", "encap", "--size", "64", "--flows", "10", "--flows", "20", "--peers", "2", "--outer", "6"]
    assert run([*words, "--json", str(report)]) == 0
    (table,) = json.loads(report.read_text())["tables"]
    assert [row[0] for row in table["rows"]] == [
        f"64, {flows}, 2, 256, IPv6, {path}" for flows in (10, 20) for path in ("alone", "bridge")
    ]


@pytest.mark.parametrize(
    ("words", "what", "mend"),
    [
        (["bridge", "--size", "64"], "not every case takes --size", "name those that do: encap, decap"),
        (["--flows", "5"], "not every case takes --flows", "name those that do: encap, decap"),
        (["decap", "--pcap", __file__], "not every case takes --pcap", "name those that do: encap"),
        (["encap", "--size", "9"], "'9' is neither a number of octets", "write --size 64, --size 1500 or --size IMIX"),
    ],
)
def test_settings_that_a_case_does_not_take(words, what, mend, capfd):
    from dataplane.cli.run import run

    assert run(["bench", *words]) == 2
    said = capfd.readouterr().err
    assert what in said
    assert mend in said


def test_figures_have_a_line_for_each_path():
    """What is drawn is what the table holds: the wire, the header alone, and with the bridge."""
    numbers = {"overhead_ticks": [2.0, 3.0], "wire_ticks": [1.0, 1.0]}
    rows = {f"{burst}, {path}": numbers for burst in (1, 256) for path in ("alone", "bridge")}
    found = plot_vxlan.series({"raw": rows})
    assert list(found) == ["wire", "alone", "bridge"]
    assert all(list(columns) == ["1", "256"] for columns in found.values())
    assert found["wire"]["256"] == [1.0, 1.0]
