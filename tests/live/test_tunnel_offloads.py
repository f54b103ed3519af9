"""VXLAN super-frames over TAPs, between two kernels' vxlan devices: outer IPv4 and IPv6, with outer checksums and without.

Our bridge is the underlay's switch here: what a kernel hands over as one super-frame with a tunnel's headers is written as one
where the other TAP takes that, and cut into single tunnel packets where it does not.
"""

import pytest

from tests.live.switch import Switch
from tests.live.transfer import transferred

pytestmark = pytest.mark.live

PLAIN = ("csum", "tso4", "tso6", "uso4", "uso6")
MIXTURES = {"whole": {}, "cut": {"b": PLAIN}, "from a plain one": {"a": PLAIN}, "no offloads": {"b": False}}


class Tunneled(Switch):
    """Namespaces a and b on one underlay, each with a kernel's vxlan device, vx0: 10.8.0.1, fd08::1 and 10.8.0.2, fd08::2."""

    def __init__(self, v: int, outer_checksums: bool, mtu: int = 1500, **offloads) -> None:
        super().__init__("a", "b", **offloads)
        checksum = (
            ("udpcsum" if outer_checksums else "noudpcsum",)
            if v == 4
            else ("noudp6zerocsumtx", "udp6zerocsumrx")
            if outer_checksums
            else ("udp6zerocsumtx", "udp6zerocsumrx")
        )
        try:
            for name, number, other in (("a", 1, 2), ("b", 2, 1)):
                ends = (f"10.9.0.{number}", f"10.9.0.{other}") if v == 4 else (f"fd00::{number}", f"fd00::{other}")
                words = ("local", ends[0], "remote", ends[1], "dev", "eth0", "dstport", "4789")
                self[name].run("ip", "link", "add", "vx0", "type", "vxlan", "id", "42", *words, *checksum)
                self[name].run("ip", "link", "set", "vx0", "mtu", str(mtu - (50 if v == 4 else 70)))
                self[name].up("vx0", f"10.8.0.{number}/24", f"fd08::{number}/64")
        except BaseException:
            self.spaces.__exit__(None, None, None)
            raise

    def mean_length(self, name: str) -> float:
        """Of the frames that came in by a port, in octets."""
        rows = self.loop.submit(self.engine.traffic).result()
        row = rows[rows["port"] == name][0]
        return float(row["in_octets"] / max(int(row["in_frames"]), 1))


@pytest.mark.parametrize("mixture", MIXTURES)
@pytest.mark.parametrize("outer_checksums", [False, True], ids=["no outer checksum", "outer checksum"])
def test_tcp_through_tunnels(v, outer_checksums, mixture):
    """A stream inside, IPv4 and IPv6, octet for octet; super-frames cross whole where both TAPs take them."""
    with Tunneled(v, outer_checksums, **MIXTURES[mixture]) as switch:
        for target in ("10.8.0.2", "fd08::2"):
            transferred(switch["a"], switch["b"], target)
        assert not switch.drops()
        assert switch.conserved()
        if {"tunnel", "tunnel-csum"} <= set(switch.ports["a"].offloads):
            assert switch.mean_length("a") > 4000


def test_udp_super_frames_through_tunnels(v):
    """A datagram sent with UDP_SEGMENT is cut behind the tunnel's headers: each arrives as sent."""
    with Tunneled(v, True) as switch:
        receiver = switch["b"].start(
            "python3",
            "-c",
            (
                "import socket\n"
                "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
                "s.bind(('10.8.0.2', 7000))\n"
                "print('ready', flush=True)\n"
                "print(*[f'{len(o)}:{o[0]}' for o in iter(lambda: s.recv(70000), b'end')], flush=True)\n"
            ),
        )
        assert receiver.stdout.readline() == "ready\n"
        switch["a"].run(
            "python3",
            "-c",
            (
                "import socket, time\n"
                "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
                "s.connect(('10.8.0.2', 7000))\n"
                "s.send(b'first'); time.sleep(0.3)\n"
                "s.setsockopt(17, 103, 1000)\n"
                "s.send(b''.join(bytes([n]) * 1000 for n in range(20)) + b'x' * 7); time.sleep(0.3)\n"
                "s.send(b'end')\n"
            ),
        )
        said = receiver.stdout.readline().split()
        assert said == ["5:102", *[f"1000:{n}" for n in range(20)], "7:120"]
        assert not switch.drops()
