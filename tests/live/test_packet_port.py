"""A packet socket on one end of a veth: what the kernel at the other end sends and receives, with offloads, tags and faults."""

import contextlib
import socket
import struct
import threading
import time

import pytest
from scapy.layers.inet import IP, TCP, UDP
from scapy.layers.inet6 import IPv6
from scapy.packet import Raw

from bench.namespaces import Namespaces
from fastpath import MemoryPort, Outbox, PacketPort, open_packet
from fastpath.wire import checksum
from tests.fastpath.packets import ETHER, judged
from tests.live.switch import Switch, idle_share, iperf, iperf_server

pytestmark = pytest.mark.live

INSIDE = 0x02420A090001  # the MAC address of Switch's first namespace
FAR = "02:42:0a:09:00:63"
MOUTH = bytes.fromhex("020000000077")
SOL_PACKET, PACKET_VNET_HDR = 263, 15


class Uplink(Switch):
    """A Switch with namespace a, joined through a packet port to `far` (10.9.0.99, fd00::99) at the other end of a veth.

    `host` is the namespace whose interface `wan` the packet socket is on.
    """

    def __init__(self, *names: str, a: bool = True, offloads: bool = True, macs=(INSIDE,), **settings) -> None:
        super().__init__(*names or ("a",), a=a)
        self.more = Namespaces("packet")
        try:
            self.host, self.far = self.more.add("host"), self.more.add("far")
            peer = ("peer", "name", "eth0", "address", FAR, "netns", self.far.name)
            self.host.run("ip", "link", "add", "wan", "type", "veth", *peer)
            self.far.up("eth0", "10.9.0.99/24", "fd00::99/64")
            self.host.up("wan")
            with self.host.entered():
                fd = open_packet("wan")
            self.up = PacketPort(self.engine, "up", fd, macs=macs, offloads=offloads, **settings)
            self.ports["up"] = self.up
            self.up.lead_to(self.bridge, self.bridge.add_member(self.up))
            self.loop.add(self.up)
        except BaseException:
            self.spaces.__exit__(None, None, None)
            self.more.__exit__(None, None, None)
            raise

    def __exit__(self, *error) -> None:
        super().__exit__(*error)
        self.more.__exit__(*error)


MIXTURES = {
    "both": {},
    "neither": {"a": False, "offloads": False},
    "inside": {"offloads": False},
    "outside": {"a": False},
    "all frames": {"macs": ()},
}


@pytest.fixture(params=MIXTURES)
def uplink(request):
    with Uplink(**MIXTURES[request.param]) as uplink:
        yield uplink
        assert uplink.conserved()


def reaches(uplink, target="10.9.0.99", size="56"):
    try:
        uplink["a"].run("ping", "-q", "-c", "3", "-i", "0.01", "-W", "1", "-s", size, target)
    except RuntimeError:
        return False
    return True


def test_ping(uplink):
    """ARP, neighbor discovery, ICMP of every size, fragments among them."""
    for target in ("10.9.0.99", "fd00::99"):
        for size in ("0", "1400", "9000"):
            assert reaches(uplink, target, size)
    assert f"lladdr {FAR}" in uplink["a"].run("ip", "neighbour", "show", "10.9.0.99")


@pytest.mark.parametrize(("server", "client"), [("a", "far"), ("far", "a")])
@pytest.mark.parametrize("family", [4, 6])
def test_tcp(uplink, server, client, family):
    """A stream arrives octet for octet, either way, and we drop nothing: checksums and segments are as they must be."""
    spaces = {"a": (uplink["a"], "10.9.0.1", "fd00::1"), "far": (uplink.far, "10.9.0.99", "fd00::99")}
    target = spaces[server][1 if family == 4 else 2]
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
    receiver = spaces[server][0].start("python3", "-c", receive)
    assert receiver.stdout.readline() == "ready\n"
    digest = spaces[client][0].run(
        "python3",
        "-c",
        (
            "import hashlib, random, socket\n"
            "octets = random.Random(1).randbytes(10 << 20)\n"
            f"s = socket.create_connection(({target!r}, 7000))\n"
            "s.sendall(octets)\n"
            "print(hashlib.sha256(octets).hexdigest())\n"
        ),
    )
    assert receiver.stdout.readline() == digest
    assert not {reason for _node, reason in uplink.drops()} - {"queue full"}


@pytest.mark.parametrize("segment", [0, 700])
@pytest.mark.parametrize(("server", "client"), [("a", "far"), ("far", "a")])
def test_udp(uplink, server, client, segment):
    """Datagrams of all sizes and UDP super-frames arrive as sent, either way."""
    spaces = {"a": (uplink["a"], "10.9.0.1"), "far": (uplink.far, "10.9.0.99")}
    target = spaces[server][1]
    receiver = spaces[server][0].start(
        "python3",
        "-c",
        (
            "import socket\n"
            "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
            f"s.bind(({target!r}, 7000))\n"
            "print('ready', flush=True)\n"
            "total = 0\n"
            "while (octets := s.recv(70000)) != b'end':\n"
            "    assert octets == octets[:1] * len(octets), octets\n"
            "    total += len(octets)\n"
            "print(total, flush=True)\n"
        ),
    )
    assert receiver.stdout.readline() == "ready\n"
    setting = f"s.setsockopt(17, 103, {segment})\n" if segment else ""
    sizes = [700 * 20, 700 * 3 + 5, 1] if segment else [1, 17, 1471, 1472, 1473, 9000, 60000]
    spaces[client][0].run(
        "python3",
        "-c",
        (
            "import socket, time\n"
            f"s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n{setting}"
            f"for i, size in enumerate({sizes}):\n"
            f"    s.sendto(bytes([65 + i]) * size, ({target!r}, 7000)); time.sleep(0.01)\n"
            f"s.sendto(b'end', ({target!r}, 7000))\n"
        ),
    )
    assert receiver.stdout.readline() == f"{sum(sizes)}\n"


def test_tagged_interfaces(uplink):
    """802.1Q and 802.1ad tags pass, both of two, and checksums behind them are right (BR-10)."""
    try:
        uplink.host.run("ip", "link", "add", "link", "wan", "name", "q", "type", "vlan", "id", "1")
    except RuntimeError as error:
        pytest.skip(f"this kernel has no VLAN interfaces: {error}")
    for space, host in ((uplink["a"], 1), (uplink.far, 99)):
        space.run("ip", "link", "add", "link", "eth0", "name", "q", "type", "vlan", "id", "7")
        space.up("q", f"10.7.0.{host}/24")
        space.run("ip", "link", "add", "link", "eth0", "name", "s", "type", "vlan", "proto", "802.1ad", "id", "8")
        space.run("ip", "link", "set", "s", "up", "mtu", "1492")
        space.run("ip", "link", "add", "link", "s", "name", "c", "type", "vlan", "id", "9")
        space.up("c", f"10.8.0.{host}/24")
    for target in ("10.7.0.99", "10.8.0.99"):
        assert reaches(uplink, target)
        server = iperf_server(uplink.far, "-B", target)
        assert iperf(uplink["a"], "-c", target, "-n", "2M")["sum_received"]["bytes"] > 0
        uplink.far.end(server)


class Ear:
    """What a packet port on a veth hears, frame by frame, without a bridge."""

    def __init__(self, **settings) -> None:
        self.uplink = Uplink(**settings)
        self.outbox = Outbox()

    def __enter__(self):
        self.uplink.far.quiet()
        self.uplink.__enter__()

        def listen() -> None:
            self.uplink.up.lead_to(MemoryPort(self.uplink.engine, "ear", outbox=self.outbox, mtu=65535))

        self.uplink.loop.submit(listen).result()
        return self

    def __exit__(self, *error) -> None:
        self.uplink.__exit__(*error)

    def say(self, octets: bytes, *, vnet: bytes = b"", space=None, device: str = "eth0") -> None:
        """Send the frame from the other end, or in another place; `vnet`: with this virtio header."""
        with (
            (space or self.uplink.far).entered(),
            socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as mouth,
        ):
            mouth.setsockopt(SOL_PACKET, PACKET_VNET_HDR, bool(vnet))
            mouth.bind((device, 0))
            mouth.send(vnet + octets)

    def heard(self) -> list[bytes]:
        """Frames from the other end since the last call: a last one shows that all of them have come."""
        last = b"\xff" * 6 + bytes.fromhex("0200000000ee88b5") + bytes(50)
        self.say(last)
        frames: list[bytes] = []
        end = time.monotonic() + 30
        while last not in frames:
            assert time.monotonic() < end
            time.sleep(0.01)
            frames += [octets for _port, _time, octets in self.uplink.loop.submit(self.outbox.take).result()]
        return [octets for octets in frames if octets[6:12] == MOUTH]


def frame(target: int, tags: bytes = b"") -> bytes:
    return target.to_bytes(6, "big") + MOUTH + tags + b"\x88\xb5" + bytes(range(50))


def test_only_what_is_for_us():
    """Our own MAC and groups; with `promiscuous`, or no MAC, everything."""
    others, group, broadcast = frame(0x020000000001), frame(0x333300000001), frame(0xFFFFFFFFFFFF)
    near = frame(INSIDE ^ 1)
    for settings, wanted in (
        ({}, [frame(INSIDE), group, broadcast]),
        ({"macs": (5, INSIDE ^ 1, INSIDE)}, [frame(INSIDE), group, broadcast, near]),
        ({"promiscuous": True}, [frame(INSIDE), others, group, broadcast, near]),
        ({"macs": ()}, [frame(INSIDE), others, group, broadcast, near]),
    ):
        with Ear(**settings) as ear:
            for octets in (frame(INSIDE), others, group, broadcast, near):
                ear.say(octets)
            assert ear.heard() == wanted


@pytest.mark.parametrize("offloads", [True, False])
def test_tags_are_put_back(offloads):
    """One tag or two, of either kind, priority included, octet for octet."""
    with Ear(offloads=offloads) as ear:
        tags = ["8100e007", "88a80009", "81000005", "88a8000981000005", "910000078100000581000006"]
        frames = [frame(INSIDE, bytes.fromhex(tag)) for tag in tags]
        for octets in frames:
            ear.say(octets)
        assert ear.heard() == frames


def undone(link: bytes, network: IP | IPv6, transport: UDP | TCP, payload: bytes) -> tuple[bytes, bytes, int, int]:
    """A frame, the same with only the pseudo-header's sum as its checksum, and where that is: where it begins, and from there."""
    whole = link + bytes(ETHER / network / transport / Raw(payload))[12:]
    start, offset = len(whole) - len(bytes(transport / Raw(payload))), 16 if isinstance(transport, TCP) else 6
    addresses = bytes(network)[12:20] if network.version == 4 else bytes(network)[8:40]
    partial = bytearray(whole)
    protocol = 6 if offset == 16 else 17
    struct.pack_into(">H", partial, start + offset, 0xFFFF ^ checksum(addresses + struct.pack(">HH", len(whole) - start, protocol)))
    return whole, bytes(partial), start, offset


@pytest.mark.parametrize("offloads", [True, False])
def test_checksums_left_undone(offloads):
    """What the sender's kernel leaves to its card is finished before it leaves us, tagged or not (TP_STATUS_CSUMNOTREADY)."""
    with Ear(offloads=offloads) as ear:
        for tag in ("", "81000007", "88a80009", "88a8000981000005"):
            for network in (IP(src="10.0.0.1", dst="10.0.0.2"), IPv6(src="fd00::1", dst="fd00::2")):
                for transport in (UDP(sport=1, dport=2), TCP(sport=1, dport=2, flags="A")):
                    link = INSIDE.to_bytes(6, "big") + MOUTH + bytes.fromhex(tag)
                    whole, partial, start, offset = undone(link, network, transport, b"checked" * 9)
                    ear.say(partial, vnet=struct.pack("=BBHHHH", 1, 0, 0, 0, start, offset))
                    assert ear.heard() == [whole]


@pytest.mark.parametrize("offloads", [True, False])
def test_super_frames(offloads):
    """A TCP super-frame arrives whole and leaves in segments, as its virtio header says, or, without one, as our MTU does."""
    payload = bytes(range(256)) * 40
    size = 1000 if offloads else 1460
    with Ear(offloads=offloads) as ear:
        for tag in ("", "81000007"):
            link = INSIDE.to_bytes(6, "big") + MOUTH + bytes.fromhex(tag)
            network = IP(src="10.0.0.1", dst="10.0.0.2", flags="DF")
            _whole, partial, start, offset = undone(link, network, TCP(sport=1, dport=2, flags="A"), payload)
            ear.say(partial, vnet=struct.pack("=BBHHHH", 1, 1, start + 20, size, start, offset))
            heard = ear.heard()
            assert len(heard) == -(-len(payload) // size)
            assert b"".join(part[start + 20 :] for part in heard) == payload
            assert all(part == judged(part) for part in heard)


def test_what_the_host_sends_is_not_ours():
    """Frames that others on this host send by the interface, and our own, do not come back."""
    with Ear(macs=()) as ear:
        ear.say(frame(0xFFFFFFFFFFFF), space=ear.uplink.host, device="wan")
        assert ear.heard() == []
        ear.say(frame(0xFFFFFFFFFFFF))
        assert ear.heard() == [frame(0xFFFFFFFFFFFF)]


def test_a_full_queue_is_counted():
    """Frames that come while nobody reads them are lost in the kernel, which says how many."""
    with Uplink() as uplink:
        assert uplink.up.lost == 0
        go_on = threading.Event()
        stopped = uplink.loop.submit(lambda: go_on.wait(60))
        program = (
            "import socket\n"
            "s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)\n"
            "s.bind(('eth0', 0))\n"
            f"for _ in range(30000): s.send({frame(INSIDE)!r})\n"
        )
        try:
            uplink.far.run("python3", "-c", program)
        finally:
            go_on.set()
        stopped.result()

        def came() -> int:
            rows = uplink.loop.submit(uplink.engine.traffic).result()
            return next(int(row["in_frames"]) for row in rows if row["port"] == "up")

        lost = uplink.loop.submit(lambda: uplink.up.lost).result()
        end = time.monotonic() + 30
        while lost + came() < 30000 and time.monotonic() < end:
            time.sleep(0.05)
        assert 0 < lost < 30000
        assert 30000 <= lost + came() < 30100
        assert uplink.conserved()


# -- faults -----------------------------------------------------------------------------------------------------------------


def undisturbed(uplink):
    """Every frame is accounted for, and nothing spins."""
    assert uplink.conserved()
    assert idle_share() < 0.05


@pytest.mark.parametrize("talk", [True, False])
def test_down_and_up(talk):
    """Down: an event, drops named `port down`. Up: an event within two seconds, whether or not somebody sends."""
    with Uplink() as uplink:
        assert reaches(uplink)
        uplink.host.run("ip", "link", "set", "wan", "down")
        assert uplink.events(1) == [("up", "link down")]
        assert uplink.up.link == "down"
        if talk:
            assert not reaches(uplink)
            assert uplink.drops()["up", "port down"] >= 3
        undisturbed(uplink)
        uplink.host.run("ip", "link", "set", "wan", "up")
        if talk:
            time.sleep(0.2)
            assert reaches(uplink)
        assert uplink.events(1) == [("up", "link up")]
        assert reaches(uplink)


def test_gone():
    """The interface is deleted: an event, and drops named `port gone` for what is still sent there."""
    with Uplink("a", "b") as uplink:
        assert reaches(uplink)
        uplink.far.run("ip", "link", "delete", "eth0")
        assert uplink.events(2) == [("up", "link down"), ("up", "port gone")]
        assert not reaches(uplink)
        assert uplink.drops()["up", "port gone"] >= 3
        assert reaches(uplink, "10.9.0.2")
        undisturbed(uplink)
        uplink.loop.submit(uplink.up.close).result()


def test_a_namespace_lives_as_long_as_the_socket():
    """Unlike a TAP's: its name goes, the interface stays until the port is closed."""
    with Uplink() as uplink:
        uplink.host.delete()
        assert reaches(uplink)
        uplink.loop.submit(uplink.up.close).result()
        end = time.monotonic() + 30
        while "eth0" in uplink.far.run("ip", "link"):
            assert time.monotonic() < end
            time.sleep(0.05)


def test_wrong_descriptors():
    """What is no packet socket, or belongs to no interface."""
    with Uplink() as uplink:
        for family, kind in (
            (socket.AF_INET, socket.SOCK_DGRAM),
            (socket.AF_PACKET, socket.SOCK_DGRAM),
            (socket.AF_PACKET, socket.SOCK_RAW),
        ):
            with contextlib.ExitStack() as stack:
                opened = stack.enter_context(socket.socket(family, kind))
                with pytest.raises(OSError, match="packet socket"):
                    PacketPort(uplink.engine, f"wrong {family} {kind}", opened.fileno())
        with pytest.raises(OSError, match="No such device"):
            open_packet("no-such-device")
