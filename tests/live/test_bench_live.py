"""The live benchmarks run every switch and gateway that is installed, and clean up behind them."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench import live_nat, live_vxlan
from bench.gateways import GATEWAYS
from bench.live import FIGURES, run, tables
from bench.overlay_ends import OVERLAYS
from bench.switches import SWITCHES

pytestmark = [pytest.mark.live, pytest.mark.timeout(180)]


@pytest.fixture(autouse=True)
def own_folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """For temporary files: what other runs of the benchmarks have is not ours. `tmp_path` is too long for a socket's name."""
    with tempfile.TemporaryDirectory(prefix="live-") as folder:
        monkeypatch.setattr(tempfile, "tempdir", folder)
        yield


def left():
    """Our namespaces, and folders of switches."""
    names = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=True).stdout.split()
    folders = list(Path(tempfile.gettempdir()).glob("bench-*"))
    return [name for name in names if name.startswith(f"bench-{os.getpid()}-")], folders


def test_every_switch_carries_everything():
    """One short round: a figure for all that is asked, none zero, ratios to the bare loop and the kernel, no rest left."""
    before = left()
    result = run(rounds=1, seconds=1, cases=SWITCHES)
    assert set(result["figures"]) | set(result["left_out"]) == set(SWITCHES)
    for case, figures in result["figures"].items():
        expected = set(FIGURES) - ({"cpu"} if case == "kernel" else set())
        assert set(figures) == expected
        assert all(numbers["median"] > 0 for figure, numbers in figures.items() if figure != "cpu")
        assert figures["tcp"]["to_bare"] > 0
        assert figures["tcp"]["to_kernel"] > 0
    assert [row[0] for row in tables(result)[0].rows] == [SWITCHES[case].title for case in result["figures"]]
    assert left() == before


def test_every_gateway_carries_everything():
    """One short round: out, in by a published port, connections both ways, round trips; nothing is left."""
    before = left()
    result = live_nat.run(rounds=1, seconds=1)
    assert set(result["figures"]) | set(result["left_out"]) == set(GATEWAYS)
    for case, figures in result["figures"].items():
        expected = set(live_nat.FIGURES) - ({"cpu"} if case == "kernel" else set())
        assert set(figures) == expected
        assert all(numbers["median"] > 0 for figure, numbers in figures.items() if figure != "cpu")
    assert [row[0] for row in live_nat.tables(result)[0].rows] == [GATEWAYS[case].title for case in result["figures"]]
    assert left() == before


def test_every_overlay_carries_everything():
    """One short round: both ways, round trips, the machine's time for a gigabit; nothing is left."""
    before = left()
    result = live_vxlan.run(rounds=1, seconds=1)
    assert set(result["figures"]) == set(OVERLAYS)
    for figures in result["figures"].values():
        assert set(figures) == set(live_vxlan.FIGURES)
        assert all(numbers["median"] > 0 for numbers in figures.values())
    assert [row[0] for row in live_vxlan.tables(result)[0].rows] == [OVERLAYS[case].title for case in result["figures"]]
    assert left() == before
