"""NAT's benchmarks measure what they say: traffic, replies, and verification that finds what is wrong."""

import subprocess
import sys

import numpy as np
import pytest
from scapy.layers.inet import IP, UDP
from scapy.layers.l2 import Ether

from bench import flows, translated
from bench.flows import GATEWAY_MACS, INSIDE_MAC, Shape
from bench.traffic import IMIX

MACS = (GATEWAY_MACS[0], INSIDE_MAC)


def traffic(shape, sizes=(64,)):
    return flows.frames(flows.outward(shape)[flows.order(shape.flows)], sizes, MACS)


def tuples(frames):
    return [frame[23:24] + frame[26:38] for frame in frames]


@pytest.mark.parametrize("shape", [Shape(1), Shape(1000), Shape(100, 10, 1), Shape(5000)], ids=str)
def test_a_cycle_visits_every_flow_equally_often(shape):
    """BM-7: at least 4,096 frames, each round without repetition."""
    seen = tuples(traffic(shape))
    assert len(seen) >= 4096
    assert len(seen) % shape.flows == 0
    for start in range(0, len(seen), shape.flows):
        assert len(set(seen[start : start + shape.flows])) == shape.flows


def test_a_shape_is_endpoints_times_remotes():
    seen = tuples(traffic(Shape(2000, 3, 1)))
    assert len({flow[1:5] + flow[9:11] for flow in seen}) == 2000
    assert len({flow[5:9] for flow in seen}) == 3
    assert Shape(2000, 3, 1).flows == 6000


def test_checksums_are_valid():
    for frame in traffic(Shape(50), IMIX)[:200]:
        packet = Ether(frame)
        stored = packet[IP].chksum, packet[UDP].chksum
        del packet[IP].chksum, packet[UDP].chksum
        again = Ether(bytes(packet))
        assert (again[IP].chksum, again[UDP].chksum) == stored
        assert packet[IP].len == len(frame) - 14


def translate(frame, source="203.0.113.7", **fields):
    """As a NAT would, by scapy."""
    packet = Ether(frame)
    packet.src, packet.dst = GATEWAY_MACS[1], flows.REMOTE_MAC
    packet[IP].src, packet[IP].ttl = source, packet[IP].ttl - 1
    for name, value in fields.items():
        setattr(packet[UDP], name, value)
    del packet[IP].chksum, packet[UDP].chksum
    return bytes(packet)


OUT_MACS = flows.mac_octets(flows.REMOTE_MAC, GATEWAY_MACS[1])


@pytest.mark.parametrize("sizes", [(64,), (65, 590)])
def test_verification_passes_what_is_right(sizes):
    before = traffic(Shape(30), sizes)[:60]
    went, came = translated.hop(before, [translate(frame) for frame in before], OUT_MACS)
    assert (went.ttl - came.ttl == 1).all()


@pytest.mark.parametrize(
    ("at", "what"),
    [(3, "MAC"), (15, "nobody may change"), (22, "time to live"), (24, "header checksum"), (40, "UDP checksum"), (50, "payload")],
)
def test_verification_finds_what_is_wrong(at, what):
    """BM-13."""
    before = traffic(Shape(3))[:20]
    after = [bytearray(translate(frame)) for frame in before]
    after[5][at] ^= 1
    with pytest.raises(RuntimeError, match=what):
        translated.hop(before, [bytes(frame) for frame in after], OUT_MACS)


def test_two_endpoints_on_one_public_one_are_found():
    inside = np.array([1, 2, 1, 2])
    translated.one_to_one(inside, np.array([5, 6, 5, 6]))
    with pytest.raises(RuntimeError, match="shares"):
        translated.one_to_one(inside, np.array([5, 5, 5, 5]))
    with pytest.raises(RuntimeError, match="two public"):
        translated.one_to_one(inside, np.array([5, 6, 5, 7]))


def test_connections_are_counted():
    """BM-6, the tool itself: over loopback."""
    words = [sys.executable, "-m", "bench.connections"]
    with subprocess.Popen([*words, "serve", "47123"], stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout.readline() == "listening\n"
            done = subprocess.run(
                [*words, "open", "127.0.0.1", "47123", "0.2"], capture_output=True, text=True, timeout=20, check=True
            )
        finally:
            server.kill()
    assert float(done.stdout) > 100
