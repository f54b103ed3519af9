"""Datagrams in windows that the kernel's queues hold: we lose none of them, and put none before another."""

import json

import pytest

from tests.live.switch import Switch
from tests.live.test_tap import COUNT, MIXTURES

pytestmark = pytest.mark.live

WINDOW = 50  # what fits into a TAP's queue and a socket's buffer (212,992 octets, of which a datagram takes up to 2,304)

# Sends COUNT datagrams of 64 octets, numbered; the next window goes when the last one has come. Both sides say how far they came.
SEND = """
import json, socket, sys
count, window = int(sys.argv[1]), int(sys.argv[2])
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.connect(("10.9.0.2", 7000))
s.settimeout(10)
sent = heard = 0
try:
    for sent in range(1, count + 1):
        s.send(sent.to_bytes(64, "big"))
        if sent % window == 0:
            s.recv(9)
            heard += 1
except TimeoutError:
    pass
print(json.dumps([sent, heard]))
"""

RECEIVE = """
import json, socket, sys
count, window = int(sys.argv[1]), int(sys.argv[2])
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("10.9.0.2", 7000))
print("ready", flush=True)
s.settimeout(30)
came, answered, order = 0, 0, True
try:
    while came < count:
        octets, peer = s.recvfrom(99)
        s.settimeout(15)
        came += 1
        order = order and int.from_bytes(octets, "big") == came
        if came % window == 0:
            s.sendto(b"more", peer)
            answered += 1
except TimeoutError:
    pass
print(json.dumps([came, answered, order]), flush=True)
"""


def dropped_by_the_kernel(namespace):
    """At the interface, both ways, and where a socket's buffer had no room."""
    counts = json.loads(namespace.run("ip", "-s", "-j", "link", "show", "eth0"))[0]["stats64"]
    names, values = [line for line in namespace.run("cat", "/proc/net/snmp").splitlines() if line.startswith("Udp:")]
    udp = dict(zip(names.split(), values.split(), strict=True))
    return counts["tx"]["dropped"] + counts["rx"]["dropped"] + int(udp["RcvbufErrors"])


@pytest.mark.parametrize("mixture", MIXTURES)
def test_udp_none_is_lost(mixture):
    """20,000, as fast as they are answered. One that does not arrive is in the kernel's own count of what it dropped."""
    with Switch("a", "b", **MIXTURES[mixture]) as switch:
        receiver = switch["b"].start("python3", "-c", RECEIVE, str(COUNT), str(WINDOW))
        assert receiver.stdout.readline() == "ready\n"
        sent, heard = json.loads(switch["a"].run("python3", "-c", SEND, str(COUNT), str(WINDOW)))
        came, answered, in_order = json.loads(receiver.stdout.readline())
        lost = sent - came + answered - heard
        kernels = sum(dropped_by_the_kernel(switch[name]) for name in "ab")
        assert not switch.drops()
        assert switch.conserved()
        assert lost <= kernels, f"{sent} sent, {came} came, {answered} answers sent, {heard} came; the kernel dropped {kernels}"
        assert in_order or lost
        assert lost or sent == COUNT
