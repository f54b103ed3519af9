"""Our VTEP over UDP sockets of a host, the kernel's vxlan device as its peer: the host's stack routes, and fragments nothing."""

import time

import pytest

from tests.live.transfer import transferred
from tests.live.vxlan_site import BEFORE, GROUP, OURS, Site, remarks, tshark

pytestmark = pytest.mark.live


class UdpSite(Site):
    """`host` is the namespace that the sockets are of; its interface `wan` has our addresses."""

    def __init__(self, v: int = 4, **words) -> None:
        super().__init__(v, "udp", **words)
        self.host = next(space for space in self.more.all if space.name.endswith("host"))

    def told(self) -> dict[str, int]:
        return self.do(self.under.named_counters)


@pytest.fixture
def site(v):
    with UdpSite(v) as site:
        yield site
        assert site.conserved()


def test_each_learns_from_the_other(site):
    """VX-14, VX-1: floods, then what was learned; the outer source port is one of ours (VX-3)."""
    assert site.reaches()
    assert site.reaches("fd00::99")
    assert site.reaches("10.9.0.1", space=site.far)
    assert site.mac_of(site.far, "vx100") in site.known()


def test_the_full_mtu_both_ways(site):
    """VX-12."""
    room = site.mtu - BEFORE[site.v]
    for target, space in (("10.9.0.99", site["a"]), ("10.9.0.1", site.far)):
        assert site.reaches(target, space=space, size=room - 28)
        assert not site.reaches(target, space=space, size=room - 27, count=1)


@pytest.mark.parametrize("target", ["10.9.0.99", "fd00::99"])
def test_tcp_to_the_kernel(site, target, tmp_path):
    """Super-frames become messages of many datagrams (UDP_SEGMENT), with checksums, and nothing on the wire is remarkable."""
    file = tmp_path / "tcp.pcap"
    # Else the kernel leaves them to the other end of the veth, and the capture shows that.
    site.host.run("ethtool", "-K", "wan", "tx", "off")
    process = site.capture(file)
    transferred(site["a"], site.far, target)
    site.finish(process)
    assert site.told()["segmented"] > 1000
    # What TCP does, and what the capture missed, is nobody's mistake.
    assert [line for line in remarks(file) if "[TCP " not in line] == []
    assert not tshark(file, "vxlan && udp.checksum == 0", "frame.number")
    ports = {int(port) for line in tshark(file, "vxlan", "udp.srcport") for port in line.split(",")[:1]}
    assert ports <= set(site.do(lambda: site.under.ports))


@pytest.mark.parametrize("target", ["10.9.0.1", "fd00::1"])
def test_tcp_from_the_kernel(site, target):
    """Super-frames come whole, by a socket that has no word for them, and go whole to the TAP."""
    transferred(site.far, site["a"], target)
    assert site.do(site.ports["a"].named_counters)["merged"] < 500
    assert not site.drops()


@pytest.mark.parametrize("target", ["10.9.0.1", "fd00::1"])
def test_tcp_as_from_a_wire(site, target):
    """Datagrams go through the bridge frame by frame, and the segments of a burst are put together for the TAP."""
    # Else the kernel leaves the cutting to the other end of the veth.
    site.far.run("ethtool", "-K", "under0", "tx", "off")
    site.far.run("ethtool", "-K", "under0", "tx-udp_tnl-segmentation", "off", "tx-udp_tnl-csum-segmentation", "off")
    transferred(site.far, site["a"], target)
    merged = site.do(site.ports["a"].named_counters)["merged"]
    assert merged > 500
    assert not site.drops()


def test_behind_a_router(v):
    """The host's routes are all it takes."""
    with UdpSite(v, routed=True) as site:
        assert site.reaches()
        transferred(site["a"], site.far, "10.9.0.99", 1 << 20)
        assert site.conserved()


def test_a_narrow_path(v):
    """DF is set: a router's ICMP error is counted, and told to who sends what is too large inside; never a fragment (VX-12)."""
    with UdpSite(v, routed=True) as site:
        assert site.reaches()
        site.router.run("ip", "link", "set", "far0", "mtu", "1400")
        inside = 1400 - BEFORE[v]
        for target, header in (("10.9.0.99", 28), ("fd00::99", 48)):
            assert not site.reaches(target, size=1360, count=5)
            assert f"mtu {inside} " in site["a"].run("ip", "route", "get", target) + " "
            assert site.reaches(target, size=inside - header)
        assert site.told()["too big"] >= 1
        counters = site.counters()
        assert counters["narrowed"] >= 1
        assert counters["told"] >= 2
        assert site.conserved()


@pytest.mark.parametrize("target", ["10.9.0.99", "fd00::99"])
def test_tcp_over_a_narrow_path(v, target):
    """Nobody was told of it beforehand: super-frames, segments, all of it arrives (RFC 1191, RFC 8201)."""
    with UdpSite(v, routed=True) as site:
        assert site.reaches(target)
        site.router.run("ip", "link", "set", "far0", "mtu", "1400")
        transferred(site["a"], site.far, target)
        assert site.counters()["narrowed"] >= 1
        assert site.conserved()


def test_a_narrow_interface(v):
    """The host itself refuses what its own link is too narrow for, of single datagrams and of whole messages."""
    with UdpSite(v) as site:
        assert site.reaches()
        site.host.run("ip", "link", "set", "wan", "mtu", "1400")
        transferred(site["a"], site.far, "10.9.0.99", 1 << 20)
        assert site.counters()["narrowed"] >= 1
        assert site.drops()[("under", "too big")] >= 1
        assert site.conserved()


def test_a_peer_that_vanishes_and_returns(site):
    """Nobody at port 4789: ICMP says so, which is counted, and costs no frame to others; back again, all is well."""
    assert site.reaches()
    site.far.run("ip", "link", "del", "vx100")
    assert not site.reaches(count=10)
    assert site.told()["unreachable"] >= 1
    site.device("vx100", site.vni, "10.9.0.99/24", "fd00::99/64", "remote", OURS[site.v])
    site["a"].run("ip", "neighbour", "flush", "dev", "eth0")
    assert site.reaches()


def test_a_group(v):
    """The host joins by the socket, and learns nothing beforehand: no static peers on either side (VX-15)."""
    with UdpSite(
        v,
        peers=False,
        settings={"group": GROUP[v]},
        kernel=("group", GROUP[v], "dev", "under0", "ttl", "4"),
    ) as site:
        assert site.reaches()
        assert site.reaches("10.9.0.1", space=site.far)
        member = "239.1.1.1" if v == 4 else "ff15::1:1"
        assert member in site.host.run("ip", "maddress", "show", "dev", "wan")
        site.do(site.under.join, GROUP[v], False)
        assert member not in site.host.run("ip", "maddress", "show", "dev", "wan")


def test_congestion_is_told(site):
    """VX-20: CE of the outer header, set on the way, arrives at the inner packet."""
    assert site.reaches()
    assert site.reaches(size=100)
    dump = site["a"].start("tcpdump", "-c", "1", "-nn", "-v", "-i", "eth0", "icmp[icmptype] == icmp-echo and ip[1] & 3 == 3")
    deadline = time.monotonic() + 30
    while dump.poll() is None and time.monotonic() < deadline:  # it may not listen yet
        site.far.run("ping", "-q", "-c", "3", "-i", "0.1", "-Q", "3", "10.9.0.1")
    dump.wait(30)
    assert dump.returncode == 0
