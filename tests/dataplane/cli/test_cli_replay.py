import gzip
import json
import struct
from pathlib import Path

import pytest
from scapy.layers.l2 import ARP, Ether
from scapy.utils import RawPcapNgReader, rdpcap, wrpcap

WEB, DB = "02:42:0a:14:00:02", "02:42:0a:14:00:03"


@pytest.fixture
def capture(tmp_path: Path) -> Path:
    """db asks everybody, web answers it, db sends to a reserved address."""
    path = tmp_path / "a.pcap"
    ask = Ether(src=DB, dst="ff:ff:ff:ff:ff:ff") / ARP(hwsrc=DB, psrc="10.20.0.3", pdst="10.20.0.2")
    answer = Ether(src=WEB, dst=DB) / ARP(op=2, hwsrc=WEB, psrc="10.20.0.2", hwdst=DB, pdst="10.20.0.3")
    wrpcap(str(path), [ask, answer, Ether(src=DB, dst="01:80:c2:00:00:00") / bytes(46)])
    return path


def test_a_replay_writes_a_file_for_every_port_and_says_what_happened(dataplane, shop, capture):
    said = dataplane("replay", str(shop), "--in", f"auto={capture}", "--out", "out", cwd=shop)
    assert (said.returncode, said.stderr) == (0, "")
    table = [line.split() for line in said.stdout.splitlines()]
    assert table[0] == ["PORT", "IN", "OCTETS", "OUT", "OCTETS", "FILE"]
    assert table[1] == ["web.front", "1", "42", "B", "1", "42", "B", "out/web.front.pcap"]
    assert table[2][:2] == ["db.front", "2"]
    assert table[4][:2] == ["total", "3"]
    assert ["1", "reserved", "address"] in table
    assert said.stdout.splitlines()[-1].startswith("3 records, ")
    assert {path.name for path in (shop / "out").iterdir()} == {"web.front.pcap", "db.front.pcap", "db.back.pcap"}
    assert [bytes(frame)[:6].hex(":") for frame in rdpcap(str(shop / "out" / "db.front.pcap"))] == [DB]


def test_json_is_the_summary(dataplane, shop, capture):
    said = dataplane("replay", "--json", "--seed", "5", "compose.yaml", "--in", f"auto={capture}", "--out", "out", cwd=shop)
    body = json.loads(said.stdout)
    assert list(body) == [
        "records", "frames_in", "octets_in", "frames_out", "octets_out", "dropped",
        "steps_back", "ns_per_frame", "seed", "ports", "faults",
    ]  # fmt: skip
    assert (body["records"], body["frames_out"], body["seed"], body["faults"]) == (3, 2, 5, [])
    assert body["dropped"] == {"reserved address": 1}
    assert list(body["ports"][0]) == ["port", "file", "in_frames", "in_octets", "out_frames", "out_octets"]


def test_standard_input_gzip_and_drops(dataplane, shop, capture):
    packed = capture.with_suffix(".gz")
    packed.write_bytes(gzip.compress(capture.read_bytes()))
    said = dataplane("replay", ".", "--in", f"auto={packed}", "--out", "out", "--drops", "lost.pcapng", cwd=shop)
    assert said.returncode == 0, said.stderr
    assert len(list(RawPcapNgReader(str(shop / "lost.pcapng")))) == 1


def test_a_capture_cut_short_is_replayed_up_to_the_cut_with_status_1(dataplane, shop, capture):
    capture.write_bytes(capture.read_bytes()[:-7])
    said = dataplane("replay", "compose.yaml", "--json", "--in", f"auto={capture}", "--out", "out", cwd=shop)
    assert said.returncode == 1
    assert json.loads(said.stdout)["records"] == 2
    assert said.stderr == (
        "dataplane: a capture could not be read to its end\n"
        f"  where: {capture}: the file is cut short (record 3, offset 140)\n"
        "  mend:  what stands before that was replayed; capture it again, or go on with what there is\n"
    )


WRONG = {
    "no such port": (
        ["--in", "dbb=a.pcap", "--out", "out"],
        "there is no port 'dbb'",
        "--in dbb=a.pcap",
        "did you mean db.back? the ports are web.front, db.front, db.back",
    ),
    "a short name for two ports": (
        ["--in", "db=a.pcap", "--out", "out"],
        "'db' has 2 ports",
        "--in db=a.pcap",
        "say which: db.front, db.back",
    ),
    "no such capture": (
        ["--in", "web=nowhere.pcap", "--out", "out"],
        "cannot read the capture: No such file or directory",
        "nowhere.pcap",
        "check the path after --in PORT=",
    ),
    "no capture": (
        ["--in", "web=compose.yaml", "--out", "out"],
        "the file is neither pcap nor pcapng",
        "compose.yaml",
        "give a pcap or pcapng file of Ethernet, raw IP or Linux cooked frames",
    ),
    "no port": (
        ["--in", "a.pcap", "--out", "out"],
        "this does not say which capture comes in where",
        "--in a.pcap",
        "write --in PORT=CAPTURE; PORT may be auto, CAPTURE may be -",
    ),
    "standard input twice": (
        ["--in", "web=-", "--in", "db.front=-", "--out", "out"],
        "standard input can be read once",
        "--in PORT=-",
        "give one input as -, the others as files",
    ),
}


@pytest.mark.parametrize("words, what, where, mend", WRONG.values(), ids=WRONG.keys())
def test_wrong_inputs(inside, shop, capture, words, what, where, mend):
    (shop / "a.pcap").write_bytes(capture.read_bytes())
    said = inside("replay", "compose.yaml", *words, cwd=shop)
    assert said.stderr == f"dataplane: {what}\n  where: {where}\n  mend:  {mend}\n"
    assert said.returncode == 2


def test_a_link_type_that_we_do_not_know(dataplane, shop):
    (shop / "usb.pcap").write_bytes(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 189))
    said = dataplane("replay", "compose.yaml", "--in", "web=usb.pcap", "--out", "out", cwd=shop)
    assert said.returncode == 2
    assert "189" in said.stderr.splitlines()[0]
    assert "  mend:  " in said.stderr


@pytest.mark.parametrize(
    "words, what",
    [
        (["x.yaml", "--out", "o"], "replay needs --in"),
        (["x.yaml", "--in", "a=b"], "replay needs --out"),
        (["--in", "a=b", "--out", "o"], "replay needs FILE"),
        (["x.yaml", "--in", "a=b", "--out", "o", "--speed", "0"], "--speed: 0.0 is out of range: more than 0"),
    ],
)
def test_words_that_are_missing_are_named_with_the_line_to_write(inside, words, what):
    said = inside("replay", *words)
    assert said.stderr.splitlines()[0] == f"dataplane: {what}"
    assert said.stderr.splitlines()[-1] == "  mend:  write dataplane replay --in PORT=CAPTURE --out DIR [OPTIONS] FILE"
    assert said.returncode == 2


def test_ports_complete(dataplane, shop):
    variables = {"_DATAPLANE_COMPLETE": "bash_complete", "COMP_WORDS": "dataplane replay compose.yaml --in d", "COMP_CWORD": "4"}
    said = dataplane(cwd=shop, **variables)
    assert said.stdout.splitlines() == ["plain,db.back=", "plain,db.front="]
