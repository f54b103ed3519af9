"""More ways to be a peer of the kernel's vxlan device: static entries, groups, checksums, VNIs, a router between, MTUs, DNS."""

import contextlib
import sys
import time

import pytest

from tests.live.vxlan_site import BEFORE, GROUP, OURS, Site, mac_number, remarks, tshark

pytestmark = pytest.mark.live

# Answers every question for an A record with 192.0.2.77 (RFC 1035, 4).
NAME_SERVER = """
import socket, sys
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); server.bind(("0.0.0.0", 53))
while True:
    query, peer = server.recvfrom(512)
    end = query.index(b"\\0", 12) + 5
    answer = query[:2] + b"\\x81\\x80\\0\\1\\0\\1\\0\\0\\0\\0" + query[12:end]
    server.sendto(answer + b"\\xc0\\x0c\\0\\1\\0\\1\\0\\0\\0\\x3c\\0\\4\\xc0\\0\\2\\x4d", peer)
"""


@pytest.fixture(params=[4, 6], ids=["ipv4", "ipv6"])
def v(request):
    return request.param


def test_static_entries_and_no_learning(v):
    """VX-17: neither side learns; each is told where the other's station is."""
    with Site(v, peers=False, settings={"learn": False}, kernel=("nolearning",)) as site:
        far = site.mac_of(site.far, "vx100")
        assert not site.reaches(count=1)
        site.do(site.vtep.add_station, site.overlay, mac_number(far), site.theirs, ["10.9.0.99"])
        site.do(site.vtep.set_overlay, site.overlay, learn=False, unknown=False)
        for name in "ab":
            mac = site.mac_of(site[name], "eth0")
            site.far.run("bridge", "fdb", "add", mac, "dev", "vx100", "dst", OURS[v])
            site.far.run("ip", "neighbor", "replace", f"10.9.0.{1 + (name == 'b')}", "lladdr", mac, "dev", "vx100")
        assert site.reaches()
        assert site.reaches(source="b")
        assert site.counters()["answered"] >= 1
        assert far not in {mac for mac, member in site.known().items() if member < 2}


@pytest.mark.parametrize("how", ["packet", "tap", "udp"])
def test_a_multicast_group(v, how, tmp_path):
    """VX-15: both flood to the group, both learn from there. We, or with sockets our host, say that we belong to it."""
    group = ("group", GROUP[v], "dev", "under0")
    with Site(v, how, peers=False, settings={"group": GROUP[v]}, kernel=group, offloads=how != "udp") as site:
        file = tmp_path / "group.pcap"
        process = site.capture(file)
        assert site.reaches()
        assert site.reaches("fd00::99")
        assert site.reaches("10.9.0.2", space=site.far)
        site.do(site.vtep.set_overlay, site.overlay)
        if how == "udp":
            site.do(site.under.join, GROUP[v], False)
        time.sleep(3)  # the second report comes within a second, by a coarse timer of the kernel
        site.finish(process)
        said = tshark(file, "igmp" if v == 4 else "icmpv6.type == 143", "frame.number")
        assert len(said) >= 2, "left, and said so again"
        assert remarks(file) == []


@pytest.mark.parametrize("checksum", [True, False])
def test_udp_checksums_on_and_off(v, checksum):
    """VX-5, VX-6: whatever either sends, the other takes."""
    words = {(4, True): ("udpcsum",), (4, False): ("noudpcsum",), (6, True): ("noudp6zerocsumtx", "udp6zerocsumrx"),
             (6, False): ("udp6zerocsumtx", "udp6zerocsumrx")}[v, checksum]  # fmt: skip
    with Site(v, settings={"checksum": checksum}, kernel=words) as site:
        assert site.reaches()
        site.serve()
        site.moves(size="5M")
        assert site.drops().get(("vtep", "bad checksum"), 0) == 0


def test_several_vnis_with_the_same_subnets(v):
    """VX-22: the same addresses and MAC addresses in each; nobody hears of the other."""
    with Site(v) as site:
        other = site.more.add("other")
        site.device("vx200", 200, "10.9.0.99/24", "remote", OURS[v], space=other)
        other.run("ip", "link", "set", "vx200", "address", site.mac_of(site.far, "vx100"))

        def second():
            from fastpath import Bridge

            bridge = Bridge(site.engine, "blue")
            number = site.vtep.add_overlay("blue", bridge, 200, local=OURS[v])
            site.vtep.add_peer(number, site.theirs)
            # b moves over.
            site.bridge.remove_member(1)
            site.ports["b"].lead_to(bridge, bridge.add_member(site.ports["b"]))

        site.do(second)
        assert site.reaches(source="a")
        assert site.reaches(source="b")
        assert not site.reaches("10.9.0.2", source="a", count=1)
        assert site.reaches("10.9.0.2", space=other)
        assert not site.reaches("10.9.0.1", space=other, count=1)


@pytest.mark.parametrize("how", ["packet", "tap", "udp"])
def test_underlay_subnets_behind_a_router(v, how):
    """VX-23."""
    with Site(v, how, routed=True) as site:
        assert site.reaches()
        assert site.reaches("10.9.0.1", space=site.far)
        site.serve()
        site.moves(size="5M")


@pytest.mark.parametrize("how", ["packet", "tap", "udp"])
@pytest.mark.parametrize("mtu", [1400, 9000])
def test_other_mtus(v, how, mtu):
    """1,500 is everywhere else. A veth leaves inner checksums unfilled, whatever the size."""
    with Site(v, how, mtu=mtu) as site:
        assert site.reaches(size=mtu - BEFORE[v] - 28)
        assert site.reaches("10.9.0.1", space=site.far, size=mtu - BEFORE[v] - 28)
        site.serve()
        site.moves(size="5M")


def test_names_are_asked_for_across(v):
    with Site(v) as site:
        for server, client, address in ((site.far, site["a"], "10.9.0.99"), (site["b"], site.far, "10.9.0.2")):
            server.start(sys.executable, "-c", NAME_SERVER)
            deadline = time.monotonic() + 30
            while ":53 " not in server.run("ss", "-uln") and time.monotonic() < deadline:
                time.sleep(0.02)
            assert client.run("dig", "+short", "+tries=3", "+time=10", f"@{address}", "web.example").strip() == "192.0.2.77"


def test_a_peer_that_vanishes_and_returns(v):
    """The far host loses its link, then the vxlan device is made anew with another MAC address."""
    with Site(v) as site:
        assert site.reaches()
        site.far.run("ip", "link", "set", "under0", "down")
        assert not site.reaches(count=1)
        site.far.run("ip", "link", "set", "under0", "up")
        if v == 6:
            site.far.up("under0", *(() if _has(site, "2001:db8::2") else ("2001:db8::2/64",)))
        _until(lambda: site.reaches(count=1))
        site.far.run("ip", "link", "delete", "vx100")
        assert not site.reaches(count=1)
        site.device("vx100", 100, "10.9.0.99/24", "remote", OURS[v])
        for name in "ab":
            with contextlib.suppress(RuntimeError):
                site[name].run("ip", "neighbor", "flush", "all")
        _until(lambda: site.reaches(count=1))


def _has(site, address):
    return address in site.far.run("ip", "address", "show", "dev", "under0")


def _until(condition, seconds=20.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
