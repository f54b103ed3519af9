"""What devices and namespaces can do to us: each fault is a named drop or an event, other ports go on, and nothing spins."""

import errno
import fcntl
import os
import resource
import struct
import time

import pytest

from bench.namespaces import open_tap
from fastpath import TapPort
from tests.live.faults import READ, WRITE, WRITEV, fail
from tests.live.switch import Switch, idle_share

pytestmark = pytest.mark.live

TUNSETSNDBUF = 0x400454D4


@pytest.fixture
def switch():
    with Switch("a", "b", "c") as switch:
        assert reaches(switch, "10.9.0.2")
        assert reaches(switch, "10.9.0.3")
        yield switch


def reaches(switch, target):
    try:
        switch["a"].run("ping", "-q", "-c", "3", "-i", "0.01", "-W", "1", target)
    except RuntimeError:
        return False
    return True


def others_go_on(switch):
    """a and c are undisturbed, every frame is accounted for, and the process idles below 5 % of a core."""
    assert reaches(switch, "10.9.0.3")
    assert switch.conserved()
    assert idle_share() < 0.05


def test_link_down(switch):
    """EIO from the kernel: drop `port down`, events both ways, and traffic again when the link is up again."""
    switch["b"].run("ip", "link", "set", "eth0", "down")
    assert not reaches(switch, "10.9.0.2")
    assert switch.events(1) == [("b", "link down")]
    assert switch.ports["b"].link == "down"
    assert switch.drops()["b", "port down"] >= 3
    others_go_on(switch)
    switch["b"].run("ip", "link", "set", "eth0", "up")
    assert reaches(switch, "10.9.0.2")
    assert switch.events(1) == [("b", "link up")]


def test_links_are_looked_at_where_no_traffic_shows_their_state(switch):
    """Down, up and gone are seen without a frame; a second look at the same tells nothing."""

    def looked():
        switch.loop.submit(switch.loop.look).result(30)
        switch.loop.submit(switch.loop.look).result(30)
        return [(event.port, event.kind) for event in switch.loop.events()]

    assert looked() == []
    switch["b"].run("ip", "link", "set", "eth0", "down")
    assert looked() == [("b", "link down")]
    switch["b"].run("ip", "link", "set", "eth0", "up")
    assert looked() == [("b", "link up")]
    switch["b"].run("ip", "link", "delete", "eth0")
    assert looked() == [("b", "port gone")]
    assert switch.ports["b"].link == "gone"
    others_go_on(switch)


def test_namespace_destroyed(switch):
    """EBADFD from the kernel: event `port gone` at once, drop `port gone` for what is still sent there."""
    switch["b"].delete()
    assert switch.events(1) == [("b", "port gone")]
    assert not reaches(switch, "10.9.0.2")
    assert switch.drops()["b", "port gone"] >= 3
    assert switch.ports["b"].link == "gone"
    others_go_on(switch)


def test_a_port_that_is_gone_can_be_replaced(switch):
    """The namespace comes back under the same name: remove, close, add."""
    switch["b"].delete()
    assert switch.events(1) == [("b", "port gone")]
    namespace = switch.spaces.add("again")
    fd = namespace.tap("10.9.0.2/24", mac="02:42:0a:09:00:02")

    def replace():
        old = switch.ports["b"]
        old.lead_to(None)
        switch.bridge.remove_member(1)
        switch.loop.remove(old)
        switch.engine.remove(old)
        old.close()
        port = switch.ports["b"] = TapPort(switch.engine, "b", fd)
        port.lead_to(switch.bridge, switch.bridge.add_member(port))
        switch.loop.add(port)

    switch.loop.submit(replace).result(30)
    assert reaches(switch, "10.9.0.2")
    others_go_on(switch)


def test_a_port_that_is_gone_is_not_watched_again(switch):
    """Its descriptor is ready for ever, and nothing that is read from it changes that."""
    switch["b"].delete()
    assert switch.events(1) == [("b", "port gone")]
    with pytest.raises(ValueError, match="b is gone"):
        switch.loop.submit(lambda: switch.loop.add(switch.ports["b"])).result(5)
    others_go_on(switch)


def test_peer_not_reading(switch):
    """A peer that takes in less than it is sent: with a send buffer set, the kernel says EAGAIN, and we drop as `queue full`."""
    fcntl.ioctl(switch.ports["b"].fd, TUNSETSNDBUF, struct.pack("i", 4096))
    b = switch["b"]
    b.run("ip", "address", "flush", "dev", "eth0")
    # Behind the TAP a kernel bridge leads to a link with a queue of 8 kbit/s, which holds what it is sent.
    b.run("ip", "link", "add", "name", "slow", "type", "veth", "peer", "name", "end")
    b.run("ip", "link", "add", "name", "br0", "type", "bridge")
    b.run("tc", "qdisc", "add", "dev", "slow", "root", "tbf", "rate", "8kbit", "burst", "2000", "limit", "1000000")
    for link in ("eth0", "slow"):
        b.run("ip", "link", "set", link, "master", "br0")
    for link in ("br0", "slow", "end", "eth0"):
        b.run("ip", "link", "set", link, "up")
    time.sleep(0.5)
    # To a station that nobody knows, so that it is flooded here and there, and not copied on the way.
    switch["a"].run(
        "python3",
        "-c",
        (
            "import socket\n"
            "s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)\n"
            "s.bind(('eth0', 0))\n"
            "for _ in range(40):\n"
            "    s.send(bytes.fromhex('02420a09006302420a09000188b5') + bytes(1400))\n"
        ),
    )
    assert switch.drops()["b", "queue full"] > 0
    others_go_on(switch)


ERRORS = {
    "EAGAIN": "queue full",
    "ENOBUFS": "queue full",
    "ENOMEM": "queue full",
    "EIO": "port down",
    "EBADFD": "port gone",
    "ENODEV": "port gone",
    "EINVAL": "write refused",
    "EPERM": "write refused",
}


@pytest.mark.parametrize("name", ERRORS)
def test_write_fails(switch, name):
    """Whatever the kernel answers a write is a named drop, and an event where the link changed."""
    switch.loop.submit(lambda: fail((WRITE, WRITEV), switch.ports["b"].fd, getattr(errno, name))).result(30)
    assert not reaches(switch, "10.9.0.2")
    # The first frame that fails is counted by its reason; a link that is gone is not written to again.
    assert switch.drops()["b", ERRORS[name]] >= 3
    expected = {"port down": [("b", "link down")], "port gone": [("b", "port gone")]}.get(ERRORS[name], [])
    assert switch.events(len(expected)) == expected
    others_go_on(switch)


@pytest.mark.parametrize("name", ["EIO", "EBADFD", "EPERM"])
def test_read_fails(switch, name):
    """A descriptor that stays readable but cannot be read would spin for ever: the port is gone instead."""
    switch.loop.submit(lambda: fail((READ,), switch.ports["b"].fd, getattr(errno, name))).result(30)
    assert not reaches(switch, "10.9.0.2")
    assert switch.events(1) == [("b", "port gone")]
    others_go_on(switch)


def test_descriptor_limit(switch):
    """EMFILE where a device is opened is an error there; what runs goes on."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    free = os.dup(0)
    os.close(free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free, hard))
    try:
        with pytest.raises(OSError, match="Too many open files") as failure:
            open_tap("never")
        assert failure.value.errno == errno.EMFILE
        with pytest.raises(OSError, match="Too many open files"):
            type(switch.loop)(switch.engine)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    others_go_on(switch)


def test_gone_before_it_is_watched(switch):
    """A port that the loop gets too late is told of and left out at once; epoll would report it for ever."""
    port = switch.ports["b"]
    switch.loop.submit(lambda: switch.loop.remove(port)).result(30)
    switch["b"].delete()
    end = time.monotonic() + 30
    while port.link != "gone" and time.monotonic() < end:
        assert not reaches(switch, "10.9.0.2")
    assert switch.loop.events() == []
    switch.loop.submit(lambda: switch.loop.add(port)).result(30)
    assert switch.events(1) == [("b", "port gone")]
    others_go_on(switch)


def test_closed_while_watched(switch):
    """`close` takes the port out of the loop, even while a copy of its descriptor keeps the device readable."""
    copy = os.dup(switch.ports["b"].fd)
    switch.loop.submit(switch.ports["b"].close).result(30)
    assert not reaches(switch, "10.9.0.2")
    assert switch.drops()["b", "port gone"] >= 3
    others_go_on(switch)
    os.close(copy)


def test_watched_twice(switch):
    with pytest.raises(ValueError, match="watched already"):
        switch.loop.submit(lambda: switch.loop.add(switch.ports["b"])).result(30)
    switch.loop.submit(lambda: switch.loop.remove(switch.ports["b"])).result(30)
    with pytest.raises(ValueError, match="another engine"):
        type(switch.loop)(type(switch.engine)()).add(switch.ports["b"])


def test_not_a_tap(switch):
    """A descriptor of something else is refused, and stays the caller's."""
    reading, writing = os.pipe()
    with pytest.raises(OSError, match="not a TAP"):
        switch.loop.submit(lambda: TapPort(switch.engine, "d", reading)).result(30)
    os.close(reading)
    os.close(writing)
    assert "d" not in switch.engine.ports
