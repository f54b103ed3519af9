"""`dataplane.replay`: files to ports, ports to files, and every wrong word answered."""

import io
import json
import os
import sys

import pytest

from dataplane.errors import UserError
from dataplane.lab import Lab
from dataplane.replay import replay
from fastpath import Capture
from tests.fastpath.captures import pcap

FILE = """
name: shop
services:
  web: {networks: [front]}
  api: {networks: [front, back]}
  db: {networks: [back]}
networks: {front: {}, back: {}}
"""
SECOND = 10**9
PORTS = ("web.front", "api.front", "api.back", "db.back")


def macs() -> dict[str, bytes]:
    return {endpoint.port: bytes.fromhex(endpoint.mac.replace(":", "")) for endpoint in Lab.load(FILE).plan.endpoints()}


def frame(source: str, target: str | None, payload: bytes = b"x") -> bytes:
    return (macs()[target] if target else b"\xff" * 6) + macs()[source] + b"\x88\xb5" + payload


def records(path) -> list[tuple[int, bytes]]:
    return [(time, octets) for time, octets, _ in Capture(io.BytesIO(path.read_bytes()), str(path))]


def put(path, *rows: tuple[int, bytes]):
    path.write_bytes(pcap(rows))
    return path


def test_ports_are_files(tmp_path):
    """A pcap for every port, empty ones too; networks stay apart."""
    source = put(tmp_path / "a.pcap", (1, frame("web.front", None)), (2, frame("web.front", "web.front")))
    summary = replay(FILE, inputs=[("web", source)], out=tmp_path / "out" / "deep")
    assert {path.name for path in (tmp_path / "out/deep").iterdir()} == {f"{port}.pcap" for port in PORTS}
    assert records(tmp_path / "out/deep/api.front.pcap") == [(1, frame("web.front", None))]
    assert all(records(tmp_path / f"out/deep/{port}.pcap") == [] for port in PORTS if port != "api.front")
    assert (summary.records, summary.frames_in, summary.octets_in, summary.frames_out, summary.octets_out) == (2, 2, 30, 1, 15)
    assert summary.dropped == {"same port": 1}
    assert summary.faults == ()
    assert summary.ns_per_frame > 0
    assert json.loads(json.dumps(summary.as_json()))["ports"][0]["port"] == "web.front"


def test_auto_and_named_inputs_together(tmp_path):
    mixed = put(tmp_path / "m.pcap", (1, frame("api.back", None)), (3, frame("web.front", "api.front")))
    answer = put(tmp_path / "n.pcap", (2, frame("api.front", "web.front")))
    replay(FILE, inputs=[("auto", mixed), ("api.front", answer)], out=tmp_path)
    assert records(tmp_path / "db.back.pcap") == [(1, frame("api.back", None))]
    assert records(tmp_path / "web.front.pcap") == [(2, frame("api.front", "web.front"))]
    assert records(tmp_path / "api.front.pcap") == [(3, frame("web.front", "api.front"))]


def test_equal_to_lab(tmp_path):
    """The same frames at the same times through `Lab` give the same output."""
    rows = [(n * SECOND, frame(PORTS[n % 2], PORTS[(n + n // 7) % 2], bytes([n]))) for n in range(60)]
    put(tmp_path / "a.pcap", *rows)
    replay(FILE, inputs=[("auto", tmp_path / "a.pcap")], out=tmp_path / "out")
    lab = Lab.load(FILE)
    wanted = {port: [] for port in PORTS}
    for time, octets in rows:
        port = next(port for port, mac in macs().items() if mac == octets[6:12])
        for name, out in lab.inject(port, octets, now_ns=time):
            wanted[name].append((time, out))
    assert {port: records(tmp_path / f"out/{port}.pcap") for port in PORTS} == wanted


def test_out_is_emptied_and_other_files_stay(tmp_path):
    source = put(tmp_path / "in.pcap", (1, frame("web.front", None)))
    for _ in range(2):
        replay(FILE, inputs=[("web", source)], out=tmp_path)
    assert len(records(tmp_path / "api.front.pcap")) == 1
    assert len(records(source)) == 1


def test_drops(tmp_path):
    source = put(tmp_path / "in.pcap", (5, frame("web.front", "web.front")))
    replay(FILE, inputs=[("web", source)], out=tmp_path / "out", drops=tmp_path / "drops.pcapng")
    assert b"same port, record 1: " in (tmp_path / "drops.pcapng").read_bytes()
    assert records(tmp_path / "drops.pcapng") == [(5, frame("web.front", "web.front"))]


def test_cut_short_is_in_the_summary(tmp_path):
    source = put(tmp_path / "in.pcap", (1, frame("web.front", None)), (2, frame("web.front", None)))
    source.write_bytes(source.read_bytes()[:-3])
    summary = replay(FILE, inputs=[("web", source)], out=tmp_path / "out")
    assert [str(fault) for fault in summary.faults] == [f"{source}: the file is cut short (record 2, offset 55)"]
    assert summary.records == 1


def test_standard_input(tmp_path, monkeypatch):
    source = put(tmp_path / "in.pcap", (1, frame("web.front", None)))
    saved = os.dup(0)
    try:
        with source.open("rb") as file:
            os.dup2(file.fileno(), 0)
        assert replay(FILE, inputs=[("web", "-")], out=tmp_path / "out").records == 1
        os.fstat(0)
    finally:
        os.dup2(saved, 0)
        os.close(saved)


def refused(tmp_path, file=FILE, **options) -> UserError:
    with pytest.raises(UserError) as caught:
        replay(file, **({"out": tmp_path / "out"} | options))
    assert caught.value.mend
    assert caught.value.where or "port" in caught.value.what
    return caught.value


def test_wrong_words(tmp_path):
    good = put(tmp_path / "in.pcap", (1, frame("web.front", None)), (2, b"\xff" * 6 + b"\2" * 6 + b"\x88\xb5"))
    (tmp_path / "text.pcap").write_text("no capture\n")
    (tmp_path / "radio.pcap").write_bytes(pcap([], link=105))
    assert "no port 'wbe'" in refused(tmp_path, inputs=[("wbe", good)]).what
    assert "say which" in refused(tmp_path, inputs=[("api", good)]).mend
    assert refused(tmp_path, inputs=[("web", tmp_path / "none.pcap")]).what == "cannot read the capture: No such file or directory"
    assert "Is a directory" in refused(tmp_path, inputs=[("web", tmp_path)]).what
    assert "neither pcap nor pcapng" in refused(tmp_path, inputs=[("web", tmp_path / "text.pcap")]).what
    assert "IEEE 802.11" in refused(tmp_path, inputs=[("web", tmp_path / "radio.pcap")]).what
    assert "can be read once" in refused(tmp_path, inputs=[("web", "-"), ("db", "-")]).what
    assert refused(tmp_path, inputs=[("web", good)], out=good).status == 1
    error = refused(tmp_path, inputs=[("auto", good)])
    assert error.what == "no port has the source address of record 2"
    assert error.where == f"--in auto={good}"
    assert "--in PORT=" in error.mend
    # What came before the frame that is nobody's is there.
    assert len(records(tmp_path / "out" / "api.front.pcap")) == 1


def test_an_input_is_never_written_over(tmp_path):
    source = put(tmp_path / "db.back.pcap", (1, frame("web.front", None)))
    assert "its own input" in refused(tmp_path, inputs=[("web", source)], out=tmp_path).what
    assert "its own input" in refused(tmp_path, inputs=[("web", source)], drops=source).what
    assert len(records(source)) == 1


def test_one_mac_at_two_ports(tmp_path):
    twice = FILE.replace("db: {networks: [back]}", "db: {networks: {back: {mac_address: '02:00:00:00:00:09'}}}").replace(
        "web: {networks: [front]}", "web: {networks: {front: {mac_address: '02:00:00:00:00:09'}}}"
    )
    source = put(tmp_path / "in.pcap", (1, frame("web.front", None)))
    assert "web.front and of db.back" in refused(tmp_path, file=twice, inputs=[("auto", source)]).what
    assert replay(twice, inputs=[("web", source)], out=tmp_path / "out").records == 1


@pytest.mark.skipif(sys.platform != "linux", reason="/dev/full is Linux's")
def test_full_disk(tmp_path):
    source = put(tmp_path / "in.pcap", *[(n, frame("web.front", None, bytes(1000))) for n in range(100)])
    (tmp_path / "out").mkdir()
    (tmp_path / "out/api.front.pcap").symlink_to("/dev/full")
    error = refused(tmp_path, inputs=[("web", source)])
    assert (error.what, error.where) == ("cannot write: No space left on device", str(tmp_path / "out/api.front.pcap"))
