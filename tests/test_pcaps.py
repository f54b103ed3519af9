"""The captures that come with the repository: listed, whole, and what a bridge makes of them."""

import re
from pathlib import Path

import pytest
from scapy.layers.inet import ICMP, IP, TCP, UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Ether
from scapy.packet import Packet
from scapy.utils import rdpcap

from dataplane import Lab

FOLDER = Path(__file__).parents[1] / "pcaps"
CAPTURES = sorted(FOLDER.glob("*.pcap"))


def test_the_table_lists_every_capture_and_no_other() -> None:
    listed = re.findall(r"^\| (\S+\.pcap) \|", (FOLDER / "README.md").read_text(), re.M)
    assert sorted(listed) == [path.name for path in CAPTURES]


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.stem)
def test_every_checksum_is_complete_and_every_frame_fits_a_wire(path: Path) -> None:
    """Taken without offloads: what scapy computes anew is what was captured."""
    packets = rdpcap(str(path))
    assert packets
    for packet in packets:
        octets = bytes(packet)
        assert len(octets) <= 1514
        again: Packet = Ether(octets)
        whole = IP not in again or (again[IP].frag == 0 and not again[IP].flags & 1)
        for layer, field in ((IP, "chksum"), (TCP, "chksum"), (UDP, "chksum"), (ICMP, "chksum"), ("ICMPv6", "cksum")):
            # The first layer of each kind only: what an ICMP error quotes is another packet's.
            if layer in again and (layer is IP or whole) and hasattr(again[layer], field):
                delattr(again[layer], field)
        assert bytes(again) == octets


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.stem)
def test_the_lab_that_made_it_forwards_it_frame_by_frame(path: Path) -> None:
    """Each frame, sent again by the port that owns its source address, arrives at the other port as it is."""
    lab = Lab.load(FOLDER / "lab.yaml")
    owner = {Ether(src=end.mac).src: end.port for end in lab.plan.endpoints()}
    for packet in rdpcap(str(path)):
        octets = bytes(packet)
        sender = owner[packet.src]
        receiver = next(port for port in owner.values() if port != sender)
        assert lab.inject(sender, octets, now=float(packet.time)) == [(receiver, octets)]
    assert not lab.drops().size


def test_ipv6_rides_in_them_too() -> None:
    assert any(IPv6 in packet for path in CAPTURES for packet in rdpcap(str(path)))
