"""examples/nat-vxlan.yaml and the command that it prints: NAT and a VTEP, every frame as Scapy builds it, octet for octet.

`python -m tests.test_nat_vxlan_example` writes pcaps/vxlan/sent.pcap: what the container, the world and the peer send. The peer's
frames are the kernel's, out of pcaps/vxlan/kernel-bare.pcap.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.l2 import ARP, Ether
from scapy.layers.vxlan import VXLAN
from scapy.packet import Packet, Raw

from tests.scenarios.script import SECOND, Record, Script, pcap
from tests.vxlan.stage import kernels

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "examples" / "nat-vxlan.yaml"
CAPTURE = ROOT / "pcaps" / "vxlan" / "sent.pcap"
MESH, OUT, UPLINK, UNDERLAY = "app.mesh", "app.out", "uplink", "underlay"
STATION, PEER = "02:42:0a:3c:00:01", "02:42:0a:3c:00:02"
INSIDE, GATEWAY, PUBLIC, DNS = "10.50.0.10", "203.0.113.1", "203.0.113.2", "198.51.100.53"
APP_OUT, OURS_IN, OURS_OUT, ROUTER = "02:42:0a:32:00:0a", "02:42:0a:32:00:01", "02:42:cb:00:71:02", "02:00:00:00:00:01"
VTEP, NEXT = "02:42:c0:00:02:01", "02:42:c0:00:02:02"


def encapsulated(inner: Packet) -> Packet:
    """As our VTEP sends it, but for the source port, which is its own to choose: 0 here."""
    congestion = inner[IP].tos & 3 if IP in inner else 0  # RFC 6040, 4.1
    head = Ether(src=VTEP, dst=NEXT) / IP(src="192.0.2.1", dst="192.0.2.2", flags="DF", id=0, ttl=64, tos=congestion)
    return head / UDP(sport=0, dport=4789, chksum=0) / VXLAN(flags=8, vni=7348) / Raw(bytes(inner))


def without_source_port(frame: bytes) -> bytes:
    return frame[:34] + b"\0\0" + frame[36:]


def story() -> Script:
    """A question to the peer by the overlay, with the kernel's answers; one to the world by NAT; and what must stay outside."""
    script = Script("nat-vxlan", (MESH, OUT, UPLINK, UNDERLAY))
    # What the kernel at the other end answered, to the very frames that are sent here.
    theirs = [frame for frame in kernels("kernel-bare") if frame[11] == 2]

    def over(inner: Packet, answer: bytes) -> None:
        script.send_for(MESH, inner, {UNDERLAY: [encapsulated(inner)]})
        script.send_for(UNDERLAY, Raw(answer), {MESH: [Raw(answer[50:])]})

    ask = ARP(hwsrc=STATION, psrc="10.60.0.1", pdst="10.60.0.2")
    over(Ether(src=STATION, dst="ff:ff:ff:ff:ff:ff") / ask, theirs[0])
    ping = Ether(src=STATION, dst=PEER) / IP(src="10.60.0.1", dst="10.60.0.2", tos=1) / ICMP(id=7, seq=1) / Raw(b"ping")
    over(ping, theirs[1])
    # To the world and back, by another interface of the same container.
    query, answer = UDP(sport=4000, dport=53) / Raw(b"query"), UDP(sport=53, dport=4000) / Raw(b"answer")
    before = Ether(src=APP_OUT, dst=OURS_IN) / IP(src=INSIDE, dst=DNS, id=1) / query
    after = Ether(src=OURS_OUT, dst=ROUTER) / IP(src=PUBLIC, dst=DNS, id=1, ttl=63) / query
    script.send_for(OUT, before, {UPLINK: [after]})
    back = Ether(src=ROUTER, dst=OURS_OUT) / IP(src=DNS, dst=PUBLIC, id=2, ttl=60) / answer
    arrived = Ether(src=OURS_IN, dst=APP_OUT) / IP(src=DNS, dst=INSIDE, id=2, ttl=59) / answer
    script.send_for(UPLINK, back, {OUT: [arrived]})
    # In by the published port.
    syn = Ether(src=ROUTER, dst=OURS_OUT) / IP(src=GATEWAY, dst=PUBLIC, id=3) / TCP(sport=5000, dport=8080, seq=1)
    taken = Ether(src=OURS_IN, dst=APP_OUT) / IP(src=GATEWAY, dst=INSIDE, id=3, ttl=63) / TCP(sport=5000, dport=80, seq=1)
    script.send_for(UPLINK, syn, {OUT: [taken]})
    # Nobody asked for this, and that network is none of ours.
    script.send(UPLINK, Ether(src=ROUTER, dst=OURS_OUT) / IP(src=DNS, dst=PUBLIC) / UDP(sport=53, dport=4001) / Raw(b"no answer"))
    script.send(UNDERLAY, Raw(theirs[1][:46] + (9).to_bytes(3) + theirs[1][49:]))
    return script


def sent(script: Script) -> bytes:
    """All that is sent in one capture, in order of time."""
    return pcap(sorted(record for records in script.sent.values() for record in records))


def read(path: Path) -> list[Record]:
    octets, found, at = path.read_bytes(), [], 24
    while at < len(octets):
        seconds, fraction, size, _ = (int.from_bytes(octets[at + n : at + n + 4], "little") for n in (0, 4, 8, 12))
        found.append((seconds * SECOND + fraction, octets[at + 16 : at + 16 + size]))
        at += 16 + size
    return found


def test_the_printed_command(tmp_path: Path) -> None:
    """VX-1, NAT-1: byte for byte, times included; the VTEP's source port is in its range, the same for a flow."""
    script = story()
    assert CAPTURE.read_bytes() == sent(script)
    (command,) = re.findall(r"^# +dataplane (replay .*)$", EXAMPLE.read_text(), re.M)
    words = command.replace("/tmp/nat-vxlan", str(tmp_path)).split()
    run = [sys.executable, "-m", "dataplane", *words, "--json"]
    said = subprocess.run(run, cwd=ROOT, check=True, capture_output=True, text=True)
    for port in (MESH, OUT, UPLINK):
        assert read(tmp_path / f"{port}.pcap") == script.wanted.get(port, []), port
    below = read(tmp_path / "underlay.pcap")
    assert [(time, without_source_port(frame)) for time, frame in below] == script.wanted[UNDERLAY]
    assert all(int.from_bytes(frame[34:36]) >= 49152 for _, frame in below)
    assert json.loads(said.stdout)["dropped"] == {"no service": 1, "unknown vni": 1}


def test_out_of_the_tunnel_again(tmp_path: Path) -> None:
    """`decap` of what left on the underlay is what the container sent."""
    run = [sys.executable, "-m", "dataplane"]
    for words in (
        ["replay", str(EXAMPLE), "--in", f"auto={CAPTURE}", "--out", str(tmp_path)],
        ["decap", str(tmp_path / "underlay.pcap"), str(tmp_path / "inner.pcap")],
    ):
        subprocess.run([*run, *words], check=True, capture_output=True)
    assert read(tmp_path / "inner.pcap") == story().sent[MESH]


if __name__ == "__main__":
    CAPTURE.write_bytes(sent(story()))
