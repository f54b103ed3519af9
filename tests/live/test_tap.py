"""Kernels talk through our bridge: every protocol they bring along, with offloads, without, and mixed."""

import json
import socket
import subprocess
import time

import pytest

from fastpath import OFFLOADS
from tests.live.switch import Switch, idle_share, iperf, iperf_server

pytestmark = pytest.mark.live

MIXTURES = {"both": {}, "neither": {"a": False, "b": False}, "sender": {"b": False}, "receiver": {"a": False}}


@pytest.fixture(params=MIXTURES)
def switch(request):
    with Switch("a", "b", **MIXTURES[request.param]) as switch:
        yield switch
        assert switch.conserved()


def test_ping(switch):
    """ARP, IPv4 and IPv6 neighbour discovery, ICMP of every size; BR-1, BR-3."""
    for target in ("10.9.0.2", "fd00::2"):
        for size in ("0", "56", "1400"):
            assert " 0% packet loss" in switch["a"].run("ping", "-c", "5", "-i", "0.01", "-s", size, target)
    assert "lladdr 02:42:0a:09:00:02" in switch["a"].run("ip", "neighbour", "show", "10.9.0.2")
    assert "lladdr 02:42:0a:09:00:02" in switch["a"].run("ip", "neighbour", "show", "fd00::2")
    stations = switch.loop.submit(lambda: switch.bridge.stations(switch.engine.now)).result()
    assert {(f"{row['mac']:012x}", int(row["member"])) for row in stations} == {("02420a090001", 0), ("02420a090002", 1)}


@pytest.mark.parametrize("target", ["10.9.0.2", "fd00::2"])
def test_tcp(switch, target):
    """A stream arrives octet for octet, and we drop nothing."""
    receive = (
        "import hashlib, socket\n"
        f"s = socket.create_server(({target!r}, 7000), family=socket.{'AF_INET6' if ':' in target else 'AF_INET'})\n"
        "print('ready', flush=True)\n"
        "c, _ = s.accept()\n"
        "digest = hashlib.sha256()\n"
        "while octets := c.recv(1 << 20):\n"
        "    digest.update(octets)\n"
        "print(digest.hexdigest(), flush=True)\n"
    )
    receiver = switch["b"].start("python3", "-c", receive)
    assert receiver.stdout.readline() == "ready\n"
    digest = switch["a"].run(
        "python3",
        "-c",
        (
            "import hashlib, random, socket\n"
            "octets = random.Random(1).randbytes(20 << 20)\n"
            f"s = socket.create_connection(({target!r}, 7000))\n"
            "s.sendall(octets)\n"
            "print(hashlib.sha256(octets).hexdigest())\n"
        ),
    )
    assert receiver.stdout.readline() == digest
    assert not switch.drops()


@pytest.mark.parametrize("direction", [(), ("-R",)])
def test_iperf(switch, direction):
    """iperf3 both ways."""
    iperf_server(switch["b"])
    end = iperf(switch["a"], "-c", "10.9.0.2", "-n", "10M", *direction)
    assert end["sum_sent"]["bytes"] >= 10 << 20
    assert end["sum_received"]["bytes"] > 1000  # the report ends when the last octet was sent, which buffers hold


@pytest.mark.parametrize(("family", "target"), [(socket.AF_INET, "10.9.0.2"), (socket.AF_INET6, "fd00::2")])
@pytest.mark.parametrize("segment", [0, 700])
def test_udp(switch, family, target, segment):
    """Datagrams of all sizes arrive as sent, one by one or as UDP super-frames (UDP_SEGMENT), fragments included."""
    program = (
        "import socket, sys\n"
        f"s = socket.socket({int(family)}, socket.SOCK_DGRAM)\n"
        f"s.bind(({target!r}, 7000))\n"
        "print('ready', flush=True)\n"
        "total = 0\n"
        "while True:\n"
        "    octets = s.recv(70000)\n"
        "    if octets == b'end':\n"
        "        break\n"
        "    assert octets == octets[:1] * len(octets), octets\n"
        "    total += len(octets)\n"
        "print(total, flush=True)\n"
    )
    receiver = switch["b"].start("python3", "-c", program)
    assert receiver.stdout.readline() == "ready\n"
    setting = f"s.setsockopt(17, 103, {segment})\n" if segment else ""
    sizes = [700 * 20, 700 * 3 + 5, 1] if segment else [1, 3, 17, 1471, 1472, 1473, 4000, 9000, 60000]
    switch["a"].run(
        "python3",
        "-c",
        (
            "import socket, time\n"
            f"s = socket.socket({int(family)}, socket.SOCK_DGRAM)\n{setting}"
            f"for i, size in enumerate({sizes}):\n"
            f"    s.sendto(bytes([65 + i]) * size, ({target!r}, 7000)); time.sleep(0.01)\n"
            f"s.sendto(b'end', ({target!r}, 7000))\n"
        ),
    )
    assert receiver.stdout.readline() == f"{sum(sizes)}\n"


COUNT = 20_000

# Sends COUNT datagrams of 64 octets.
SEND = """
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.connect(("10.9.0.2", 7000))
for number in range(int(sys.argv[1])):
    s.send(number.to_bytes(64, "big"))
"""

RECEIVE = """
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("10.9.0.2", 7000))
print("ready", flush=True)
sys.stdin.read()
"""


def received(namespace):
    """IPv4 packets that came in."""
    names, values = namespace.run("cat", "/proc/net/snmp").splitlines()[:2]
    return int(dict(zip(names.split(), values.split(), strict=True))["InReceives"])


def dropped_by_the_kernel(switch):
    """What it counts at the interfaces: where we did not read fast enough, and what the other side did not take in."""

    def count(name, side):
        return json.loads(switch[name].run("ip", "-s", "-j", "link", "show", "eth0"))[0]["stats64"][side]["dropped"]

    return count("a", "tx") + count("b", "rx")


def test_udp_rate(switch):
    """64-octet datagrams at a rate that a busy machine keeps up with all arrive."""
    iperf_server(switch["b"])
    end = iperf(switch["a"], "-c", "10.9.0.2", "-u", "-l", "64", "-b", "128K", "-t", "1")
    assert end["sum"]["packets"] > 100
    assert end["sum"]["lost_percent"] < 1


def test_udp_all_are_accounted_for(switch):
    """As fast as the sender can: what does not arrive is counted by name, at the kernel's queue in front of us or with us."""
    receiver = switch["b"].start("python3", "-c", RECEIVE, stdin=subprocess.PIPE)
    assert receiver.stdout.readline() == "ready\n"
    switch["a"].run("ping", "-c", "1", "10.9.0.2")
    before, lost = received(switch["b"]), dropped_by_the_kernel(switch)
    switch["a"].run("python3", "-c", SEND, str(COUNT))

    def arrived():
        return received(switch["b"]) - before

    def accounted():
        return arrived() + dropped_by_the_kernel(switch) - lost + sum(switch.drops().values())

    deadline = time.monotonic() + 30
    while accounted() < COUNT and time.monotonic() < deadline:
        time.sleep(0.05)
    assert accounted() == COUNT
    assert arrived() > COUNT // 200


def test_offloads_are_probed():
    """What the kernel gave is what the port says, and a port without IFF_VNET_HDR takes nothing."""
    with Switch("a", "b", "c", a=["csum", "tso4"], b=False) as switch:
        assert switch.ports["a"].offloads == ("csum", "tso4")
        assert switch.ports["b"].offloads == ()
        given = switch.ports["c"].offloads
        assert {"csum", "tso4", "tso6"} <= set(given) <= set(OFFLOADS)
        features = switch["a"].run("ethtool", "-k", "eth0")
        assert "tx-tcp-segmentation: on" in features
        assert "tx-tcp6-segmentation: off" in features
        assert "tcp-segmentation-offload: off" in switch["b"].run("ethtool", "-k", "eth0")
    with Switch("a", "b", vnet=False) as switch:
        assert switch.ports["a"].offloads == ()
        assert " 0% packet loss" in switch["a"].run("ping", "-c", "3", "-i", "0.01", "10.9.0.2")


def test_poll():
    """`poll` never sleeps: it uses a whole core, answers, and stops."""
    with Switch("a", "b", poll=True) as switch:
        assert " 0% packet loss" in switch["a"].run("ping", "-q", "-c", "20", "-i", "0.01", "10.9.0.2")
        assert idle_share(0.5) > 0.1
    assert not switch.thread.is_alive()


def test_multicast():
    """A group's frames reach every other port, whoever joined there (BR-2: no snooping)."""
    with Switch("a", "b", "c") as switch:
        listen = (
            "import socket\n"
            "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
            "s.settimeout(30)\n"
            "s.bind(('', 7000))\n"
            "s.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton('239.1.2.3') + socket.inet_aton({!r}))\n"
            "print('ready', flush=True)\n"
            "print(s.recv(99).decode(), flush=True)\n"
        )
        members = [switch[name].start("python3", "-c", listen.format(f"10.9.0.{number}")) for name, number in (("b", 2), ("c", 3))]
        for member in members:
            assert member.stdout.readline() == "ready\n"
        switch["a"].run(
            "python3",
            "-c",
            (
                "import socket\n"
                "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
                "s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton('10.9.0.1'))\n"
                "s.sendto(b'to the group', ('239.1.2.3', 7000))\n"
            ),
        )
        for member in members:
            assert member.stdout.readline() == "to the group\n"
