"""`dataplane encap` and `dataplane decap`: words, files, times, the summary, and errors that say how to mend them."""

import gzip
import json
import os
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from scapy.layers.inet import IP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Dot1Q, Ether
from scapy.packet import Raw
from scapy.utils import RawPcapNgReader

from tests.fastpath.captures import pcap, read

TUNNEL = ("--vni", "7", "--local", "192.0.2.1", "--remote", "192.0.2.2")
FRAMES = [bytes(Ether(src="02:00:00:00:00:01", dst="02:00:00:00:00:02") / tags / IP() / UDP() / Raw(bytes(n)))
          for n, tags in ((1, Raw()), (2, Dot1Q(vlan=61)), (1400, Raw()))]  # fmt: skip
RECORDS = [(2_000_000_007, FRAMES[0]), (1_000_000_005, FRAMES[1]), (3_123_456_789, FRAMES[2])]
"""The second one's time steps back."""


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "in.pcap").write_bytes(pcap(RECORDS))
    return tmp_path


def records(path: Path) -> list[tuple[int, bytes]]:
    return [(time, octets) for time, octets, _ in read(path.read_bytes())[0]]


@pytest.mark.parametrize("ends", [TUNNEL, ("--vni", "7", "--local", "2001:db8::1", "--remote", "2001:db8::2")], ids=["4", "6"])
def test_there_and_back_is_the_same_file(dataplane, files, ends):
    """Frames with their inner tags, and times to the nanosecond, even those that step back (VX-1, VX-18)."""
    said = dataplane("encap", "in.pcap", "out.pcap", *ends)
    assert (said.returncode, said.stderr) == (0, "")
    back = dataplane("decap", "out.pcap", "back.pcap")
    assert (back.returncode, back.stderr) == (0, "")
    assert records(files / "back.pcap") == RECORDS
    packets = [Ether(octets) for _, octets in records(files / "out.pcap")]
    assert {packet[UDP].dport for packet in packets} == {4789}
    table = [line.split() for line in said.stdout.splitlines()]
    assert table[0] == ["PORT", "IN", "OCTETS", "OUT", "OCTETS", "FILE"]
    assert table[1][:2] == ["in", "3"]
    assert table[2][-1] == "out.pcap"
    assert "1 records had a time before the one in front of them" in said.stdout


def test_json_is_replays_summary(dataplane, files):
    said = dataplane("encap", "in.pcap", "out.pcap", *TUNNEL, "--mtu", "1400", "--json", "--drops", "drops.pcapng", "--seed", "3")
    told = json.loads(said.stdout)
    assert list(told) == [
        "records", "frames_in", "octets_in", "frames_out", "octets_out", "dropped",
        "steps_back", "ns_per_frame", "seed", "ports", "faults",
    ]  # fmt: skip
    assert (told["frames_in"], told["frames_out"], told["dropped"], told["seed"]) == (3, 2, {"mtu": 1}, 3)
    assert [port["file"] for port in told["ports"]] == ["in.pcap", "out.pcap"]
    assert len(list(RawPcapNgReader(str(files / "drops.pcapng")))) == 1


def test_what_the_header_says(dataplane, files):
    words = ["--local-mac", "02:00:00:00:00:AA", "--remote-mac", "02:00:00:00:00:bb", "--port", "8472", "--sport", "4444"]
    assert dataplane("encap", "in.pcap", "out.pcap", *TUNNEL, *words, "--ttl", "9", "--dscp", "46", "--checksum").returncode == 0
    packet = Ether(records(files / "out.pcap")[0][1])
    assert (packet.src, packet.dst, packet[IP].src, packet[IP].dst) == (
        "02:00:00:00:00:aa",
        "02:00:00:00:00:bb",
        "192.0.2.1",
        "192.0.2.2",
    )
    assert (packet[UDP].sport, packet[UDP].dport, packet[IP].ttl, packet[IP].tos) == (4444, 8472, 9, 46 << 2)
    assert packet[UDP].chksum


def test_macs_are_made_of_addresses(dataplane, files):
    for local, remote, macs in (
        ("192.0.2.1", "192.0.2.2", ("02:42:c0:00:02:01", "02:42:c0:00:02:02")),
        ("192.0.2.1", "239.129.2.3", ("02:42:c0:00:02:01", "01:00:5e:01:02:03")),
        ("2001:db8::a:b", "2001:db8::c:d", ("02:42:00:0a:00:0b", "02:42:00:0c:00:0d")),
        ("2001:db8::a:b", "ff05::1:2", ("02:42:00:0a:00:0b", "33:33:00:01:00:02")),
    ):
        assert dataplane("encap", "in.pcap", "out.pcap", "--vni", "1", "--local", local, "--remote", remote).returncode == 0
        packet = Ether(records(files / "out.pcap")[0][1])
        assert (packet.src, packet.dst) == macs
        assert packet[IPv6 if ":" in local else IP].dst == remote


def test_inherited(dataplane, files):
    words = ["--ttl", "inherit", "--dscp", "inherit", "--sport-from-flow"]
    (files / "in.pcap").write_bytes(pcap([(0, bytes(Ether() / IP(ttl=5, tos=0xB8) / UDP()))]))
    assert dataplane("encap", "in.pcap", "out.pcap", *TUNNEL, *words).returncode == 0
    packet = Ether(records(files / "out.pcap")[0][1])
    assert (packet[IP].ttl, packet[IP].tos) == (5, 0xB8)
    assert packet[UDP].sport >= 49152


def test_each_network_to_its_file(dataplane, files):
    """From standard input as well, which is read once; what is no VXLAN goes along."""
    mixed = []
    for vni in ("7", "9", "7"):
        dataplane("encap", "in.pcap", "one.pcap", "--vni", vni, *TUNNEL[2:])
        mixed += records(files / "one.pcap")
    mixed.append((9_000_000_000, FRAMES[0]))
    (files / "mixed.pcap").write_bytes(pcap(mixed))
    said = dataplane("decap", "mixed.pcap", "split", "--split-vni", "--pass", "--json")
    assert {path.name for path in (files / "split").iterdir()} == {"7.pcap", "9.pcap", "rest.pcap"}
    assert records(files / "split" / "7.pcap") == RECORDS * 2
    assert records(files / "split" / "9.pcap") == RECORDS
    assert records(files / "split" / "rest.pcap") == [(9_000_000_000, FRAMES[0])]
    assert json.loads(said.stdout)["dropped"] == {}
    assert dataplane("decap", "mixed.pcap", "one", "--split-vni", "--vni", "9").returncode == 0
    assert {path.name for path in (files / "one").iterdir()} == {"9.pcap"}
    only = dataplane("decap", "mixed.pcap", "nine.pcap", "--vni", "9", "--json")
    assert records(files / "nine.pcap") == RECORDS
    assert json.loads(only.stdout)["dropped"] == {"unknown vni": 6, "no vxlan": 1}
    assert dataplane("decap", "mixed.pcap", "along.pcap", "--vni", "9", "--pass").returncode == 0
    assert [octets for _, octets in records(files / "along.pcap")] == [
        *(octets for _, octets in mixed[:3]), *FRAMES, *(octets for _, octets in mixed[6:])
    ]  # fmt: skip


def test_standard_input_is_read_once(dataplane, files):
    dataplane("encap", "in.pcap", "out.pcap", *TUNNEL)
    (files / "out.pcap.gz").write_bytes(gzip.compress((files / "out.pcap").read_bytes()))
    assert dataplane("decap", "out.pcap.gz", "back.pcap").returncode == 0
    assert records(files / "back.pcap") == RECORDS
    with (files / "out.pcap").open("rb") as file:
        words = [sys.executable, "-m", "dataplane", "decap", "-", "split", "--split-vni"]
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
        done = subprocess.run(words, stdin=file, cwd=files, env=environment, check=False)
    assert done.returncode == 0
    assert records(files / "split" / "7.pcap") == RECORDS


def test_another_port_is_taught(dataplane, files):
    """Who decapsulates the wrong port gets nothing, and is told where to look."""
    dataplane("encap", "in.pcap", "out.pcap", *TUNNEL, "--port", "8472")
    said = dataplane("decap", "out.pcap", "back.pcap")
    assert said.returncode == 0
    assert said.stderr == "No frame was VXLAN to UDP port 4789. Another port? --port 8472 is Linux's without dstport.\n"
    assert dataplane("decap", "out.pcap", "back.pcap", "--port", "8472").stderr == ""
    dataplane("encap", "in.pcap", "usual.pcap", *TUNNEL)
    said = dataplane("decap", "usual.pcap", "none.pcap", "--port", "8472")
    assert said.stderr == "No frame was VXLAN to UDP port 8472. Another port? --port 4789 is that of RFC 7348.\n"
    assert records(files / "back.pcap") == RECORDS


def test_offloads_of_the_capture(dataplane, files):
    """A super-frame with an open checksum is cut and completed before it is encapsulated."""
    from scapy.layers.inet import TCP

    large = bytes(Ether() / IP(src="10.0.0.1", dst="10.0.0.2") / TCP(sport=1, dport=2, flags="A") / Raw(bytes(4000)))
    (files / "in.pcap").write_bytes(pcap([(0, large)]))
    assert dataplane("encap", "in.pcap", "out.pcap", *TUNNEL, "--segment", "1400", "--complete-checksums").returncode == 0
    assert dataplane("decap", "out.pcap", "back.pcap").returncode == 0
    parts = [Ether(octets) for _, octets in records(files / "back.pcap")]
    assert [len(part) for part in parts] == [1414, 1414, 14 + 40 + 4000 - 2 * 1360]
    for part in parts:
        again = part.copy()
        del again[IP].chksum, again[TCP].chksum
        assert bytes(again) == bytes(part)


def test_a_capture_cut_short(dataplane, files):
    path = files / "in.pcap"
    path.write_bytes(path.read_bytes()[:-7])
    said = dataplane("encap", "in.pcap", "out.pcap", *TUNNEL)
    assert said.returncode == 1
    assert "a capture could not be read to its end" in said.stderr
    assert len(records(files / "out.pcap")) == 2


WRONG = {
    "no address": (
        ["encap", "in.pcap", "o", "--vni", "7", "--local", "192.0.2.300", "--remote", "192.0.2.2"],
        "'192.0.2.300' is not an IP address",
        "--local 192.0.2.300",
        "write the address of one host: 192.0.2.1 or 2001:db8::1",
    ),
    "two families": (
        ["encap", "in.pcap", "o", "--vni", "7", "--local", "192.0.2.1", "--remote", "2001:db8::2"],
        "an outer packet has addresses of one family",
        "--local 192.0.2.1 --remote 2001:db8::2",
        "give two IPv4 addresses or two IPv6 addresses",
    ),
    "from a group": (
        ["encap", "in.pcap", "o", "--vni", "7", "--local", "239.0.0.1", "--remote", "192.0.2.2"],
        "no host may send from this address",
        "--local 239.0.0.1",
        "give the address of the sending VTEP",
    ),
    "to oneself": (
        ["encap", "in.pcap", "o", "--vni", "7", "--local", "192.0.2.1", "--remote", "192.0.2.1"],
        "the frames would lead nowhere",
        "--remote 192.0.2.1",
        "give the address of the receiving VTEP",
    ),
    "a group's MAC": (
        ["encap", "in.pcap", "o", *TUNNEL, "--local-mac", "01:00:5e:00:00:01"],
        "'01:00:5e:00:00:01' is not a MAC address that can stand there",
        "--local-mac 01:00:5e:00:00:01",
        "six octets in hexadecimal, of which the first is even: 02:42:c0:00:02:01",
    ),
    "two source ports": (
        ["encap", "in.pcap", "o", *TUNNEL, "--sport", "5", "--sport-from-flow"],
        "the source port cannot be fixed and follow the flow",
        "--sport-from-flow --sport 5",
        "give one of them",
    ),
    "its own input": (
        ["encap", "in.pcap", "in.pcap", *TUNNEL],
        "the encapsulation would write over its own input",
        "in.pcap",
        "give another file to write to",
    ),
    "no such capture": (
        ["decap", "nowhere.pcap", "o"],
        "cannot read the capture: No such file or directory",
        "nowhere.pcap",
        "check the path",
    ),
    "no capture": (
        ["decap", "text", "o"],
        "the file is neither pcap nor pcapng",
        "text",
        "give a pcap or pcapng file of Ethernet, raw IP or Linux cooked frames",
    ),
}


@pytest.mark.parametrize(("words", "what", "where", "mend"), WRONG.values(), ids=WRONG.keys())
def test_wrong_words(inside, files, words, what, where, mend):
    (files / "text").write_text("what is written here is not a capture, whatever one may hope\n")
    said = inside(*words, cwd=files)
    assert said.stderr == f"dataplane: {what}\n  where: {where}\n  mend:  {mend}\n"
    assert said.returncode == 2


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (["encap", "a", "b", *TUNNEL[2:]], "encap needs --vni"),
        (["encap", "a", *TUNNEL], "encap needs OUT"),
        (["encap", "a", "b", "--vni", "16777216", *TUNNEL[2:]], "--vni: 16777216 is out of range: from 1 to 16777215"),
        (["encap", "a", "b", *TUNNEL, "--ttl", "x"], "--ttl: 'x' is neither a whole number from 0 to 255 nor inherit"),
        (["encap", "a", "b", *TUNNEL, "--dscp", "64"], "--dscp: '64' is neither a whole number from 0 to 63 nor inherit"),
        (["decap", "a"], "decap needs OUT"),
    ],
)
def test_words_that_are_missing_or_out_of_range(inside, words, what):
    said = inside(*words)
    assert said.stderr.splitlines()[0] == f"dataplane: {what}"
    assert said.returncode == 2


def test_a_place_that_cannot_be_written_to(inside, files):
    said = inside("encap", "in.pcap", "no/such/folder.pcap", *TUNNEL, cwd=files)
    assert said.stderr.splitlines()[0] == "dataplane: cannot write: No such file or directory"
    assert said.returncode == 1


def test_a_link_type_that_we_do_not_know(inside, files):
    (files / "usb.pcap").write_bytes(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 189))
    said = inside("decap", "usb.pcap", "o", cwd=files)
    assert said.returncode == 2
    assert "189" in said.stderr.splitlines()[0]


def test_words_complete(dataplane):
    for words, offered in (("encap --ttl i", "inherit"), ("encap --sp", "--sport"), ("decap --sp", "--split-vni")):
        line = f"dataplane {words}"
        variables = {"_DATAPLANE_COMPLETE": "bash_complete", "COMP_WORDS": line, "COMP_CWORD": str(len(line.split()) - 1)}
        assert f"plain,{offered}" in dataplane(**variables).stdout.splitlines()
