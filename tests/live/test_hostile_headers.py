"""Frames that a process in a service can make with a packet socket: any octets behind any virtio header (PACKET_VNET_HDR)."""

import random
import socket
import struct

import pytest

from tests.live.oracle import SOL_PACKET
from tests.live.switch import Switch, idle_share

pytestmark = pytest.mark.live

PACKET_VNET_HDR = 15
FRAMES = 20_000
TCP = bytes.fromhex(
    "02420a09000202420a0900010800"  # Ethernet
    "4500002800004000400600000a0900010a090002"  # IPv4
    "1f901f9000000000000000005010000000000000"  # TCP
)
STARTS = (0, 2, 13, 14, 34, 34, 34, 38, 54, 400)


def hostile(choose):
    """Mostly a TCP packet with a header that nearly fits, sometimes noise."""
    octets = bytearray(TCP + choose.randbytes(choose.choice((0, 10, 600, 1400, 3000, 20000))))
    for _ in range(choose.randrange(4)):
        octets[choose.randrange(12, 54)] = choose.randrange(256)
    kind = choose.choice((0, 0, 1, 1, 1, 4, 5, 3, 0x81, choose.randrange(256)))
    header = struct.pack(
        "=BBHHHH",
        choose.choice((0, 1, 1, 1, 3, choose.randrange(256))),
        kind,
        choose.choice((54, 66, 0, 200)),
        choose.choice((0, 1, 500, 1448, 65535)),
        choose.choice(STARTS),
        choose.choice((16, 16, 6, 0, 1400)),
    )
    return header + octets[: choose.choice((len(octets), len(octets), 14, 40, 60))]


@pytest.mark.parametrize("offloads", [True, False])
def test_any_header_any_octets(offloads):
    """What the kernel lets through is forwarded or a named drop, to ports with offloads and without; nothing breaks or spins."""
    choose = random.Random(1)
    with Switch("a", "b", "c", b=offloads) as switch:
        with switch["a"].entered():
            sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
            sock.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
            sock.bind(("eth0", 0))
        passed = 0
        with sock:
            for number in range(FRAMES):
                try:
                    sock.send(hostile(choose))
                except OSError:
                    continue  # refused by the kernel of the sender
                passed += 1
                if number % 50 == 0:
                    switch.loop.submit(lambda: None).result(30)
        assert passed > 1_000
        assert switch.conserved()
        assert switch.drops()["a", "bad offload"] > 10
        assert " 0% packet loss" in switch["c"].run("ping", "-q", "-c", "3", "-i", "0.01", "10.9.0.2")
        assert idle_share() < 0.05
