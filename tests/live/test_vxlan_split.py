"""A super-frame whose outer packet would be longer than 65,535 octets: the Vtep splits it first."""

import hashlib
import random

import pytest

from tests.live.vxlan_site import Site

pytestmark = pytest.mark.live

# 14 + 20 + 8 in front over IPv4: 65,522 octets; what IPv6 has more is left out of the payload.
LONGEST = 65480
SEGMENT = 1340
RECEIVE = """
import hashlib, socket, sys
s = socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, 33, 8 << 20)
s.bind((sys.argv[1], 7000))
print("ready", flush=True)
digest, lengths = hashlib.sha256(), []
while (datagram := s.recv(70000)) != b"end":
    digest.update(datagram)
    lengths.append(len(datagram))
print(digest.hexdigest(), *lengths, flush=True)
"""
SEND = """
import random, socket, sys
target, size, segment, times = sys.argv[1], *map(int, sys.argv[2:])
s = socket.socket(socket.AF_INET6 if ":" in target else socket.AF_INET, socket.SOCK_DGRAM)
s.connect((target, 7000))
s.setsockopt(17, 103, segment)
for n in range(times):
    s.send(random.Random(n).randbytes(size))
s.setsockopt(17, 103, 0)
s.send(b"end")
"""


@pytest.fixture(params=[4, 6], ids=["ipv4", "ipv6"])
def v(request):
    return request.param


@pytest.mark.parametrize("how", ["tap", "packet", "udp"])
@pytest.mark.parametrize("target", ["10.9.0.99", "fd00::99"])
def test_a_super_frame_of_65522_octets(v, how, target):
    """USO from a container: a frame of 65,522 octets comes from its TAP, 49 datagrams arrive behind the kernel's device."""
    size, times = LONGEST - 20 * (":" in target), 5
    with Site(v, how) as site:
        if not {"uso4", "uso6"} <= set(site.ports["a"].offloads):
            pytest.skip("TAPs of this kernel have no UDP segmentation (6.2)")
        assert site.reaches(target)
        receiver = site.far.start("python3", "-c", RECEIVE, target)
        assert receiver.stdout is not None
        assert receiver.stdout.readline() == "ready\n"
        frames, octets = came(site)
        site["a"].run("python3", "-c", SEND, target, str(size), str(SEGMENT), str(times))
        digest, *lengths = receiver.stdout.readline().split()
        more, longer = came(site)
        assert more - frames <= times + 4
        assert longer - octets >= times * 65522
        assert site.counters()["segmented"] == times
        assert lengths == [str(n) for n in [SEGMENT] * (size // SEGMENT) + [size % SEGMENT]] * times
        assert digest == hashlib.sha256(b"".join(random.Random(n).randbytes(size) for n in range(times))).hexdigest()
        assert not site.drops()
        assert site.conserved()


def came(site):
    """From the container's TAP: frames, octets."""
    rows = site.do(site.engine.traffic)
    row = rows[rows["port"] == "a"][0]
    return int(row["in_frames"]), int(row["in_octets"])
