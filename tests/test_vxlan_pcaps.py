"""docs/vxlan.md draws headers over real packets: every octet is held against pcaps/vxlan, and ours is made by the commands printed.

`python -m tests.test_vxlan_pcaps` prints the drawings.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from fastpath import Capture

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "pcaps" / "vxlan"
PAGE = ROOT / "docs" / "vxlan.md"

ETHERNET = [(6, "to: the MAC address of the next hop"), (6, "from: ours")]
IPV4 = [
    (2, "IPv4 follows"),
    (1, "version 4, a header of five words"),
    (1, "DSCP 0; ECN as the inner packet has it, ARP has none"),
    (2, "length: 20 + 8 + 8 + the inner frame's 42"),
    (2, "identification: with don't-fragment it says nothing"),
    (2, "ours: don't fragment, fragment 0"),
    (1, "time to live: 64"),
    (1, "UDP follows"),
    (2, "checksum of this header"),
    (4, "from: 192.0.2.1, the VTEP here"),
    (4, "to: 192.0.2.2, the VTEP there"),
]
IPV6 = [
    (2, "IPv6 follows"),
    (4, "version 6, traffic class, flow label 0"),
    (2, "length of what follows: 8 + 8 + 42"),
    (1, "UDP follows"),
    (1, "hop limit: 64"),
    (16, "from: 2001:db8::1"),
    (16, "to: 2001:db8::2"),
]
UDP = [
    (2, "source port: says which inner flow it is"),
    (2, "to port 4789: VXLAN"),
    (2, "length: 8 + 8 + 42"),
    (2, "checksum; 0 is none"),
]
VXLAN = [(1, "flags: I, the VNI is valid"), (3, "reserved"), (3, "VNI 7348"), (1, "reserved")]
INNER = [
    (6, "to: everybody"),
    (6, "from: a station here"),
    (2, "ARP follows: of the inner frame nothing is changed"),
    (8, "Ethernet, IPv4, request"),
    (10, "who asks: MAC address, 10.60.0.1"),
    (10, "who is asked for: 10.60.0.2"),
]
PARTS = {
    "kernel": (("Ethernet", ETHERNET), ("IP", IPV4), ("UDP", UDP), ("VXLAN", VXLAN), ("inner frame", INNER)),
    "kernel6": (("Ethernet", ETHERNET), ("IP", IPV6), ("UDP", UDP), ("VXLAN", VXLAN), ("inner frame", INNER)),
}
ROW = 10
"""Octets a line."""


def frames(path: Path) -> list[bytes]:
    with path.open("rb", buffering=0) as file:
        return [octets for _, octets, _ in Capture(file, path.name)]


def commands(name: str) -> list[str]:
    """Those that the page prints for the capture: in and out of it, and in again."""
    ours = f"/tmp/{name}-ours.pcap"
    whole = PAGE.read_text().replace("\\\n", " ")
    found = re.findall(r"^\$ dataplane ((?:decap|encap) .*)$", whole, re.M)
    return [command for command in found if f"/{name}.pcap" in command or ours in command]


def ours(name: str, folder: Path) -> bytes:
    """The first packet, made by the commands."""
    for command in commands(name):
        words = command.replace("/tmp/", f"{folder}/").split()
        subprocess.run([sys.executable, "-m", "dataplane", *words], cwd=ROOT, check=True, capture_output=True)
    return frames(folder / f"{name}-ours.pcap")[0]


def drawing(name: str, mine: bytes) -> str:
    """The first packet of the capture beside ours, field by field."""
    theirs = frames(FOLDER / f"{name}.pcap")[0]
    lines = [f"{'':4}  {'the kernel':<{3 * ROW}}  {'ours':<{3 * ROW}}"]
    at = 0
    for part, fields in PARTS[name]:
        lines.append(part)
        for size, words in fields:
            for start in range(0, size, ROW):
                first, end = at + start, at + min(size, start + ROW)
                both = [" ".join(f"{octet:02x}" for octet in octets[first:end]) for octets in (theirs, mine)]
                mark = " " if both[0] == both[1] else "≠"
                lines.append(f"{first:4}  {both[0]:<{3 * ROW}}{mark} {both[1]:<{3 * ROW}} {words if not start else ''}".rstrip())
            at += size
    assert at == len(theirs) == len(mine)
    return "\n".join(line.rstrip() for line in lines)


@pytest.mark.parametrize("name", PARTS)
def test_the_drawing_is_of_the_packet(name: str, tmp_path: Path) -> None:
    """VX-1, octet by octet, beside what the kernel sends."""
    assert drawing(name, ours(name, tmp_path)) in PAGE.read_text()


def test_what_differs_is_what_the_page_says() -> None:
    """The source port's range, don't-fragment and the identification that goes with it, and the checksum over IPv4."""
    marked = re.findall(r"≠ .*?  +([a-z][^\n]*)$", PAGE.read_text(), re.M)
    assert {words.split(":")[0].split(";")[0].split(",")[0] for words in marked} <= {
        "identification", "ours", "checksum of this header", "source port", "checksum",
    }  # fmt: skip


def test_all_captures_are_listed() -> None:
    text = (ROOT / "pcaps" / "README.md").read_text()
    listed = set(re.findall(r"vxlan/([\w-]+)(?: \||\.pcap)", text))
    assert listed == {path.stem for path in FOLDER.glob("*.pcap")}


@pytest.mark.parametrize("path", sorted(FOLDER.glob("kernel*.pcap")), ids=lambda path: path.stem)
def test_decapsulated_and_encapsulated_again_the_inner_frames_are_the_same(path: Path, tmp_path: Path) -> None:
    port = "8472" if "8472" in path.stem else "4789"

    def run(*words: str) -> None:
        subprocess.run([sys.executable, "-m", "dataplane", *words], cwd=tmp_path, check=True, capture_output=True)

    run("decap", str(path), "inner.pcap", "--port", port)
    run("encap", "inner.pcap", "outer.pcap", "--vni", "1", "--local", "192.0.2.1", "--remote", "192.0.2.2")
    run("decap", "outer.pcap", "again.pcap")
    assert frames(tmp_path / "inner.pcap")
    assert (tmp_path / "again.pcap").read_bytes() == (tmp_path / "inner.pcap").read_bytes()


if __name__ == "__main__":
    for which in PARTS:
        with tempfile.TemporaryDirectory() as made:
            print(which, drawing(which, ours(which, Path(made))), sep="\n")
