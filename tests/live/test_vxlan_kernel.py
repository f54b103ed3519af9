"""The kernel's vxlan device as the peer of our VTEP: they reach each other, over every underlay, at the full MTU, both ways."""

import pytest

from tests.live.transfer import transferred
from tests.live.vxlan_site import BEFORE, OURS, Site, remarks, tshark

pytestmark = pytest.mark.live

WAYS = [(v, how) for v in (4, 6) for how in ("packet", "tap", "udp")]


@pytest.fixture(params=WAYS, ids=[f"ipv{v}-{how}" for v, how in WAYS])
def site(request):
    with Site(*request.param) as site:
        yield site
        assert site.conserved()


def test_each_learns_from_the_other(site):
    """VX-14, VX-1: one flood each way, then both know where the other's stations are."""
    assert site.reaches("10.9.0.99")
    assert site.reaches("10.9.0.99", "b")
    assert site.reaches("fd00::99")
    far = site.mac_of(site.far, "vx100")
    assert far in site.known()
    learned = site.far.run("bridge", "fdb", "show", "dev", "vx100")
    for name in "ab":
        assert f"{site.mac_of(site[name], 'eth0')} dst {OURS[site.v]}" in learned
    assert site.reaches("10.9.0.1", space=site.far)


def test_the_full_mtu_both_ways(site):
    """VX-12: with DF, exactly what fits, and the one octet more is refused by the sender's own interface."""
    room = site.mtu - BEFORE[site.v]
    for target, space in (("10.9.0.99", site["a"]), ("10.9.0.1", site.far)):
        assert site.reaches(target, space=space, size=room - 28)
        assert not site.reaches(target, space=space, size=room - 27, count=1)
    for target, space in (("fd00::99", site["a"]), ("fd00::1", site.far)):
        assert site.reaches(target, space=space, size=room - 48)


def test_tcp_both_ways(site):
    """The point of it all: a container behind our VTEP and a namespace behind the kernel's talk TCP at full MTU."""
    site.serve()
    assert site.reaches()
    site.moves()
    if site.how == "tap":
        assert site.counters()["bytes_copied"] == 0


def test_tcp_over_ipv6_inside(site):
    site.serve()
    assert site.reaches("fd00::99")
    site.moves("fd00::99", "-6", size="5M")


def test_udp_both_ways(site):
    site.serve()
    assert site.reaches()
    for more in ((), ("-R",)):
        end = site.measure("-u", "-c", "10.9.0.99", "-b", "2M", "-l", "1200", "-t", "1", *more)
        assert end["sum"]["packets"] > 50
        assert end["sum"]["lost_percent"] < 20


@pytest.mark.parametrize("v", [4, 6])
@pytest.mark.parametrize("checksum", [True, False])
def test_super_frames_over_a_veth(v, checksum):
    """The kernel hands them to the packet socket whole, and whole they go to the container's TAP, octet for octet."""
    words = ("udpcsum", "noudpcsum") if v == 4 else ("noudp6zerocsumtx", "udp6zerocsumtx")
    with Site(v, "packet", kernel=(words[not checksum], "udp6zerocsumrx")) as site:
        for target in ("10.9.0.1", "fd00::1"):
            transferred(site.far, site["a"], target)
        rows = site.do(site.engine.traffic)
        row = rows[rows["port"] == "under"][0]
        assert row["in_octets"] / row["in_frames"] > 2000
        for target in ("10.9.0.99", "fd00::99"):
            transferred(site["a"], site.far, target)
        assert not site.drops()
        assert site.conserved()


@pytest.mark.parametrize(("v", "how"), WAYS)
def test_nothing_to_remark_on(v, how, tmp_path):
    """What tshark says of all that we sent, every checksum looked at: ARP, ND, echo, TCP with full segments, UDP, floods."""
    file = tmp_path / "all.pcap"
    with Site(v, how, offloads=False) as site:
        process = site.capture(file)
        site.serve()
        for target in ("10.9.0.99", "fd00::99"):
            assert site.reaches(target)
        site.moves(size="2M")
        site.moves("fd00::99", "-6", size="2M")
        site.measure("-u", "-c", "10.9.0.99", "-n", "1M", "-l", "1000", "-b", "50M", source="b")
        site.finish(process)
        assert site.conserved()
    full = 1500 - BEFORE[v] - 52
    assert max(int(size) for size in tshark(file, "vxlan && tcp && ip.version == 4 && tcp.len > 0", "tcp.len")) == full
    assert remarks(file) == []
