"""``dataplane demo vxlan``: unattended, step by step, without ping, and interrupted."""

import os
import re
from pathlib import Path

import pytest
from demonstration import Demonstrated, Demonstration

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root: two namespaces that play hosts"),
    pytest.mark.skipif(not Path("/dev/net/tun").exists(), reason="this machine has no /dev/net/tun"),
]


def octets_of(part: str, *names: str) -> bytes:
    """What stands behind these headers' names, and on the lines below."""
    found, taking = "", False
    for line in part.splitlines():
        row = re.match(r"  │ [ →] (.{16})((?:[0-9a-f]{2} ?)+)$", line)
        if row is None:
            continue
        taking = row[1].strip() in names if row[1].strip() else taking
        found += row[2] if taking else ""
    return bytes.fromhex(found)


class TestVxlan(Demonstrated):
    demo = Demonstration("vxlan")
    steps = ("The plan", "Up", "Before", *(f"Stage {n} of 6" for n in range(1, 7)), "What the VTEPs counted", "Down")
    late = "3. Before"
    labs = r"dataplane up --detach --lab (\S+)-a "
    ends = ("-a", "-b")

    def judge(self, page: str) -> None:
        headings = re.findall(r"^\d+\. ([^:,(\n]*)", page, re.MULTILINE)
        assert [heading.strip() for heading in headings] == list(self.steps)
        parts = re.split(r"^\d+\. ", page, flags=re.MULTILINE)
        source, bridge, vtep, under, remote, target = parts[4:10]
        frame = octets_of(source, "Ethernet", "IPv4", "ICMP")
        assert len(frame) > 60
        assert "vtep 192.0.2.6" in bridge
        for part, ttl in ((vtep, 64), (under, 63), (remote, 62)):
            assert octets_of(part, "Ethernet", "IPv4", "ICMP") == frame, "the inner frame is carried as it is"
            assert octets_of(part, "VXLAN") == bytes.fromhex("0800000000100100")
            assert octets_of(part, "outer IPv4")[8] == ttl
        assert octets_of(vtep, "outer Ethernet") == bytes.fromhex("0242c00002010242c00002020800")
        assert octets_of(target, "Ethernet", "IPv4", "ICMP") == frame
        assert page.count("0 bytes_copied") == 2
        assert page.count("✓") == len(self.steps)
        assert self.nothing_is_left(page)

    def test_without_ping(self, tmp_path):
        """Where it is not installed, a few lines of Python take its place."""
        page = self.demo.page_with_only(tmp_path, ("ip", "sh", "nft"))
        self.judge(page)
        assert "ping is not installed" in page
