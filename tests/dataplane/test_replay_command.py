"""`dataplane replay` as docs/replay.md shows it, on real captures, and stopped by hand."""

import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.fastpath.captures import pcap

ROOT = Path(__file__).parents[2]
REPLAY = [sys.executable, "-m", "dataplane", "replay"]
FILE = "name: two\nservices: {a: {networks: [n]}, b: {networks: [n]}}\nnetworks: {n: {}}\n"
FRAME = b"\xff" * 6 + bytes([2, 0, 0, 0, 0, 1]) + b"\x88\xb5"


def test_the_command_in_the_documentation(tmp_path):
    (command,) = re.findall(r"^\$ dataplane replay (.*)$", (ROOT / "docs/replay.md").read_text(), re.M)
    words = command.replace("/tmp/replayed", str(tmp_path / "replayed")).split()
    shown = subprocess.run([*REPLAY, *words], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert "No frame was dropped" in shown
    assert {path.name for path in (tmp_path / "replayed").iterdir()} == {"web.front.pcap", "client.front.pcap", "drops.pcapng"}


@pytest.mark.parametrize("capture", sorted((ROOT / "pcaps").glob("*.pcap")), ids=lambda path: path.stem)
def test_captures_of_a_live_lab_replay_whole(capture, tmp_path):
    """Nothing is lost: each frame leaves, is cloned, or has a reason."""
    words = [*REPLAY, "pcaps/lab.yaml", "--in", f"auto={capture}", "--out", tmp_path, "--json"]
    told = json.loads(subprocess.run(words, cwd=ROOT, check=True, capture_output=True, text=True).stdout)
    assert told["records"] == told["frames_in"] > 0
    # Two ports: a frame goes to the other one, or nowhere.
    assert told["frames_in"] == told["frames_out"] + sum(told["dropped"].values())
    assert told["faults"] == []


def test_interrupted(tmp_path):
    """SIGINT ends a replay that keeps the capture's pace; what had left is in the files."""
    (tmp_path / "two.yaml").write_text(FILE)
    (tmp_path / "in.pcap").write_bytes(pcap([(n * 3600 * 10**9, FRAME) for n in range(3)]))
    words = [*REPLAY, "two.yaml", "--in", "a=in.pcap", "--out", "out", "--speed", "1"]
    running = subprocess.Popen(words, cwd=tmp_path, stderr=subprocess.PIPE, env={"PYTHONPATH": str(ROOT)})
    out = tmp_path / "out/b.n.pcap"
    try:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and not (out.exists() and out.stat().st_size > 24):
            time.sleep(0.05)
        running.send_signal(signal.SIGINT)
        assert running.wait(30) != 0
        assert b"Traceback" not in running.stderr.read()
    finally:
        running.kill()
        running.communicate()
    assert out.read_bytes() == pcap([(0, FRAME)])[:16] + (262144).to_bytes(4, "little") + pcap([(0, FRAME)])[20:]


def test_cut_short_is_status_1(tmp_path):
    (tmp_path / "two.yaml").write_text(FILE)
    (tmp_path / "in.pcap").write_bytes(pcap([(1, FRAME), (2, FRAME)])[:-1])
    words = [*REPLAY, "two.yaml", "--in", "a=in.pcap", "--out", "out"]
    done = subprocess.run(words, cwd=tmp_path, check=False, capture_output=True, text=True, env={"PYTHONPATH": str(ROOT)})
    assert done.returncode == 1
    assert "record 2, offset 54" in done.stderr
    assert (tmp_path / "out/b.n.pcap").stat().st_size == 24 + 16 + 14
