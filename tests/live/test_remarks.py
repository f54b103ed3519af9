"""What the tests with tshark see and do not: their own eyes, looked at."""

import struct

import pytest
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.l2 import Ether
from scapy.packet import Raw
from scapy.utils import wrpcap

from tests.live.vxlan_site import OUR_MAC, remarks, tshark
from tests.vxlan.outer import header

pytestmark = pytest.mark.live

OUTSIDE = (
    Ether(src=OUR_MAC, dst="02:00:5e:00:00:02") / IP(src="192.0.2.1", dst="192.0.2.2", flags="DF") / UDP(sport=50000, dport=4789)
)
INSIDE = Ether(src="02:42:0a:09:00:01", dst="02:42:0a:09:00:63") / IP(src="10.9.0.1", dst="10.9.0.99")
# A call of Thrift's compact protocol, in a frame that says it is longer.
THRIFT = bytes.fromhex("0000000f 82 21 01 04 74657374 18 7f 6161616161")


def written(tmp_path, *inner):
    file = tmp_path / "some.pcap"
    wrpcap(str(file), [OUTSIDE / Raw(header(100) + bytes(frame)) for frame in inner])
    return file


def test_what_programs_say_is_not_guessed_at(tmp_path):
    """Payload that Wireshark's heuristics take for Thrift, and ports that it knows other protocols by."""
    udp = [INSIDE / UDP(sport=sport, dport=5201) / Raw(THRIFT) for sport in (40000, 44818, 47000, 54328, 56500)]
    tcp = [INSIDE / TCP(sport=sport, dport=5201, flags="A", seq=1, ack=1) / Raw(THRIFT) for sport in (40000, 44818)]
    file = written(tmp_path, *udp, *tcp)
    assert remarks(file) == []
    assert len(tshark(file, "vxlan && ip.src == 10.9.0.1", "frame.number")) == 7


@pytest.mark.parametrize("layer", ["eth", "ip", "udp", "tcp", "outer"])
def test_what_is_wrong_with_ours_is_seen(layer, tmp_path):
    """A wrong checksum of each layer; a frame, a header cut short."""
    frames = {
        "eth": bytes(INSIDE)[:10],
        "ip": INSIDE.copy(),
        "udp": INSIDE / UDP(sport=40000, dport=5201, chksum=0x1234) / Raw(THRIFT),
        "tcp": INSIDE / TCP(sport=40000, dport=5201, chksum=0x1234) / Raw(THRIFT),
        "outer": INSIDE / UDP(sport=40000, dport=5201) / Raw(THRIFT),
    }
    if layer == "ip":
        frames["ip"][IP].chksum = 0x1234
    file = written(tmp_path, frames[layer])
    if layer == "outer":
        data = bytearray(file.read_bytes())
        struct.pack_into(">H", data, 24 + 16 + 14 + 24, 0x1234)
        file.write_bytes(data)
    assert remarks(file)
