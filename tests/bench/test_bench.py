"""The benchmarks measure what they say: traffic, verification, refusal of figures that are none, report."""

import io
import json
from collections import Counter

import pytest
from rich.console import Console
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether

from bench import cases, live, measure, ovs, traffic
from bench.paths import Bridged, Path
from bench.table import Table, add_overhead, overhead_table
from bench.verify import verify
from fastpath import Bridge


@pytest.mark.parametrize("pairs", [1, 1000, 5000])
def test_a_cycle_visits_every_pair_equally_often_and_repeats_no_frame(pairs):
    """BM-7: test addresses; at least 4,096 different frames, each round without repetition."""
    frames = traffic.frames(pairs, (64,))
    assert len(frames) >= 4096
    assert len(set(frames)) == len(frames)
    visits = Counter(frame[:12] for frame in frames)
    assert len(visits) == pairs
    assert len(set(visits.values())) == 1
    for start in range(0, len(frames), pairs):
        assert len({frame[:12] for frame in frames[start : start + pairs]}) == pairs


def test_the_frames_are_whole_packets():
    for frame in traffic.frames(50, traffic.IMIX)[:200]:
        packet = Ether(frame)
        stored = packet[IP].chksum
        del packet[IP].chksum
        assert Ether(bytes(packet))[IP].chksum == stored
        assert packet[IP].len == len(frame) - 14
        assert packet[UDP].len == len(frame) - 34
        assert packet[IP].src.startswith("198.18.")


def test_imix_is_seven_four_one():
    sizes = Counter(len(frame) for frame in traffic.frames(12, traffic.IMIX)[:12])
    assert sizes == {64: 7, 590: 4, 1514: 1}


def test_a_pair_is_one_flow_when_asked():
    flows = {frame[14 + 12 : 14 + 24] for frame in traffic.frames(10, (64,), one_flow=True)}
    assert len(flows) == 10


class Wrong(Path):
    """Sends everything to the second receiver."""

    def wire_up(self):
        self.sender.lead_to(self.receivers[-1])


def test_verification_finds_a_frame_at_the_wrong_port():
    """BM-13."""
    frames = traffic.frames(10, (64,))
    assert verify(Path(frames, outbox=True)) == len(frames)
    with pytest.raises(RuntimeError, match="at another port"):
        verify(Wrong(frames, receivers=2, outbox=True))


class Forgetful(Bridged):
    """Its bridge has forgotten the receivers when the measurement begins."""

    def start(self):
        super().start()
        self.bridge.flush(1)


def test_a_figure_with_floods_or_losses_is_refused():
    """BM-13: what is not the path that was to be measured gives no figure."""
    frames = traffic.frames(1000, (64,))
    measure.measure({"bridge": Bridged(frames, pairs=1000)}, rounds=2, frames=1 << 12)
    with pytest.raises(RuntimeError, match="flooded"):
        measure.measure({"bridge": Forgetful(frames, pairs=1000)}, rounds=2, frames=1 << 12)
    with pytest.raises(RuntimeError, match="mtu"):
        measure.measure({"wire": Path(traffic.frames(10, (1514,)), mtu=600)}, rounds=1, frames=1 << 12)


def test_overhead_is_the_difference_round_by_round():
    """BM-11: cost with the feature − the same path without."""
    wire, feature = measure.Samples([10, 20, 90]), measure.Samples([15, 26, 97])
    assert feature.minus(wire).ticks == [5, 6, 7]
    table = overhead_table("title", "what")
    add_overhead(table, "a", wire, feature)
    assert table.raw["a"]["overhead_ticks_median"] == 6
    assert len(table.rows[0]) == len(table.columns)


def test_the_report_names_the_machine_and_holds_the_raw_numbers(tmp_path, monkeypatch):
    """BM-12."""
    monkeypatch.setattr(cases, "CASES", {"one": lambda _: iter([Table("one", ("a",), [("b",)], raw={"b": [1]})])})
    file, screen = tmp_path / "new" / "report.json", io.StringIO()
    cases.run(["one"], json=file, console=Console(file=screen, width=100))
    report = json.loads(file.read_text())
    assert {"cpu", "governor", "cores", "kernel", "python", "cython", "flags", "garbage_collection", "rounds"} <= set(
        report["machine"]
    )
    assert report["tables"] == [{"case": "one", "title": "one", "columns": ["a"], "rows": [["b"]], "notes": [], "raw": {"b": [1]}}]
    assert report["machine"]["cpu"] in screen.getvalue()


def test_an_unknown_case_is_named():
    with pytest.raises(ValueError, match="no benchmark 'brigde': bridge"):
        cases.run(["brigde"])


def test_a_million_stations_fit_32_megabytes():
    """The limit is what the table takes, not what it promises."""
    from fastpath import Engine

    assert Bridge(Engine(), "bridge", limit=1_000_000).table_octets <= 32 << 20


def test_the_peer_says_why_it_cannot_run(monkeypatch):
    monkeypatch.setattr(ovs, "DAEMON", "/nowhere")
    monkeypatch.setattr(ovs.os, "geteuid", lambda: 0)
    with pytest.raises(ovs.UnavailableError, match="not installed"):
        ovs.OvsDpdk([], [], core=0)
    monkeypatch.setattr(ovs.os, "geteuid", lambda: 1000)
    with pytest.raises(ovs.UnavailableError, match="not root"):
        ovs.OvsDpdk([], [], core=0)


@pytest.mark.parametrize(("seconds", "words"), [(0.5, "1"), (1, "1"), (2.0, "2"), (2.1, "3")])
def test_iperf3_is_told_whole_seconds(seconds, words):
    """It cuts fractions, and 0 seconds never end."""
    assert live.whole(seconds) == words
