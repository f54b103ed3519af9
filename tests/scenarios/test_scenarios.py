"""Every folder here is replayed; every output is as written, octet for octet and at the nanosecond. See README.md."""

import io
import json
import os
from pathlib import Path

import pytest

from dataplane.replay import replay
from fastpath import Capture
from tests.scenarios.make import scripts

HERE = Path(__file__).parent
FOLDERS = sorted(path.parent for path in HERE.glob("*/compose.yaml"))
UPDATE = bool(os.environ.get("UPDATE_SCENARIOS"))


def readable(octets: bytes) -> list[str]:
    return [f"{time / 1e9:.9f} {frame.hex()}" for time, frame, _ in Capture(io.BytesIO(octets), "")]


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_scenario(folder, tmp_path):
    options = json.loads((folder / "options.json").read_text()) if (folder / "options.json").exists() else {}
    if (folder / "drops.pcapng").exists():
        options["drops"] = tmp_path / "drops.pcapng"
    inputs = [(path.name.removeprefix("in.").removesuffix(".pcap"), path) for path in sorted(folder.glob("in.*.pcap"))]
    assert inputs
    summary = replay(folder / "compose.yaml", inputs=inputs, out=tmp_path / "out", **options)
    assert summary.faults == ()
    found = {f"out.{path.name}": path.read_bytes() for path in (tmp_path / "out").iterdir()}
    if "drops" in options:
        found["drops.pcapng"] = options["drops"].read_bytes()
    if UPDATE:
        for name, octets in found.items():
            (folder / name).write_bytes(octets)
    wanted = {path.name: path.read_bytes() for path in folder.glob("out.*.pcap")}
    if "drops" in options:
        wanted["drops.pcapng"] = (folder / "drops.pcapng").read_bytes()
    assert {name: readable(octets) for name, octets in found.items()} == {name: readable(octets) for name, octets in wanted.items()}
    assert found == wanted


def test_captures_are_what_make_writes():
    written = {path: octets for script in scripts() for path, octets in script.files()}
    assert {path.parent for path in written} == set(FOLDERS)
    assert set(written) == {path for folder in FOLDERS for pattern in ("in.*", "out.*") for path in folder.glob(pattern)}
    assert [str(path) for path, octets in written.items() if path.read_bytes() != octets] == []
