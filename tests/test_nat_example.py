"""examples/nat.yaml and the command that it prints: every frame is translated as scapy builds it anew, octet for octet.

`python -m tests.test_nat_example` writes pcaps/nat/sent.pcap: what the client, the server and the world send to the gateway.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.l2 import Ether
from scapy.packet import Packet, Raw

from tests.scenarios.script import Script, pcap

ROOT = Path(__file__).parents[1]
CAPTURE = ROOT / "pcaps" / "nat" / "sent.pcap"
CLIENT, WEB, UPLINK = "client.home", "web.home", "uplink"
MACS = {CLIENT: "02:42:0a:32:00:0a", WEB: "02:42:0a:32:00:14", UPLINK: "02:00:00:00:00:01"}
OURS = {CLIENT: "02:42:0a:32:00:01", WEB: "02:42:0a:32:00:01", UPLINK: "02:42:cb:00:71:02"}
INSIDE, SERVER, PUBLIC = "10.50.0.10", "10.50.0.20", "203.0.113.2"
DNS, VISITOR, ROUTER = "198.51.100.53", "198.51.100.7", "198.51.100.1"


def to_us(port: str, packet: Packet) -> Packet:
    """In a frame from who is at the port to the gateway."""
    return Ether(src=MACS[port], dst=OURS[port]) / packet


def from_us(port: str, packet: Packet) -> Packet:
    """In a frame from the gateway to who is at the port."""
    return Ether(src=OURS[port], dst=MACS[port]) / packet


def story() -> Script:
    """Out and back, in by published ports, an error from the way; what nobody asked for stays outside."""
    script = Script("nat", (CLIENT, WEB, UPLINK))

    def passes(port: str, before: Packet, towards: str, after: Packet) -> None:
        script.send_for(port, to_us(port, before), {towards: [from_us(towards, after)]})

    query = UDP(sport=4000, dport=53) / Raw(b"query")
    passes(CLIENT, IP(src=INSIDE, dst=DNS, id=1, tos=0xB8) / query, UPLINK, IP(src=PUBLIC, dst=DNS, id=1, tos=0xB8, ttl=63) / query)
    answer = UDP(sport=53, dport=4000) / Raw(b"answer")
    passes(UPLINK, IP(src=DNS, dst=PUBLIC, id=2, ttl=60) / answer, CLIENT, IP(src=DNS, dst=INSIDE, id=2, ttl=59) / answer)
    # Two hosts, each a port of its own: both keep it.
    other = UDP(sport=4001, dport=53) / Raw(b"query")
    passes(WEB, IP(src=SERVER, dst=DNS, id=3) / other, UPLINK, IP(src=PUBLIC, dst=DNS, id=3, ttl=63) / other)
    # Nobody asked for these.
    script.send(UPLINK, to_us(UPLINK, IP(src=VISITOR, dst=PUBLIC) / UDP(sport=53, dport=4000) / Raw(b"no answer")))
    script.send(UPLINK, to_us(UPLINK, IP(src=VISITOR, dst=PUBLIC) / TCP(sport=5000, dport=22)))
    script.send(UPLINK, to_us(UPLINK, IP(src=VISITOR, dst=INSIDE) / TCP(sport=5000, dport=22)))
    # In by a published port, and the server's answer out.
    syn, taken = TCP(sport=5000, dport=8080, seq=100), TCP(sport=5000, dport=80, seq=100)
    passes(UPLINK, IP(src=VISITOR, dst=PUBLIC, id=4, ttl=50) / syn, WEB, IP(src=VISITOR, dst=SERVER, id=4, ttl=49) / taken)
    inner, outer = (TCP(sport=port, dport=5000, seq=500, ack=101, flags="SA", options=[("MSS", 1460)]) for port in (80, 8080))
    passes(WEB, IP(src=SERVER, dst=VISITOR, id=5) / inner, UPLINK, IP(src=PUBLIC, dst=VISITOR, id=5, ttl=63) / outer)
    # An error about the query, as the client must see it.
    seen, told = (ICMP(type=11, code=0) / IP(src=source, dst=DNS, id=1, ttl=1) / query for source in (PUBLIC, INSIDE))
    passes(UPLINK, IP(src=ROUTER, dst=PUBLIC, id=7) / seen, CLIENT, IP(src=ROUTER, dst=INSIDE, id=7, ttl=63) / told)
    # A ping, its identifier kept.
    ping, pong = (ICMP(type=kind, id=77, seq=1) / Raw(b"ping") for kind in (8, 0))
    passes(CLIENT, IP(src=INSIDE, dst=VISITOR, id=8) / ping, UPLINK, IP(src=PUBLIC, dst=VISITOR, id=8, ttl=63) / ping)
    passes(UPLINK, IP(src=VISITOR, dst=PUBLIC, id=9, ttl=50) / pong, CLIENT, IP(src=VISITOR, dst=INSIDE, id=9, ttl=49) / pong)
    return script


def sent(script: Script) -> bytes:
    """All that is sent in one capture, in order of time."""
    return pcap(sorted(record for records in script.sent.values() for record in records))


def test_the_printed_command(tmp_path: Path) -> None:
    script = story()
    assert CAPTURE.read_bytes() == sent(script)
    (command,) = re.findall(r"^# +dataplane (replay .*)$", (ROOT / "examples" / "nat.yaml").read_text(), re.M)
    words = command.replace("/tmp/nat", str(tmp_path)).split()
    said = subprocess.run(
        [sys.executable, "-m", "dataplane", *words, "--json"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    for port in script.ports:
        assert (tmp_path / f"{port}.pcap").read_bytes() == pcap(script.wanted.get(port, [])), port
    assert sum(json.loads(said.stdout)["dropped"].values()) == 3


if __name__ == "__main__":
    CAPTURE.write_bytes(sent(story()))
