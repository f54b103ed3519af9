"""``dataplane demo nat``: unattended, without curl and ping, and interrupted."""

import os
import re
from pathlib import Path

import pytest
from demonstration import Demonstrated, Demonstration

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root: a namespace that plays the world"),
    pytest.mark.skipif(not Path("/dev/net/tun").exists(), reason="this machine has no /dev/net/tun"),
]


class TestNat(Demonstrated):
    demo = Demonstration("nat")
    steps = ("The plan", "Up", "Before", "Isolation", "ICMP errors", "Out", "In", "Down")
    late = "5. ICMP"
    labs = r"dataplane up --detach --verbose --lab (\S+)"

    def judge(self, page: str) -> None:
        headings = re.findall(r"^\d\. ([^:(]*)", page, re.MULTILINE)
        assert [heading.strip() for heading in headings] == list(self.steps)
        parts = re.split(r"^\d\. ", page, flags=re.MULTILINE)
        assert "(empty)" in parts[3], "nobody has used the gateway"
        assert re.search(r"router +\d+ +other network", parts[4]), "the drop has a name"
        assert "10.20.0.1" in parts[5], "the gateway says that the time to live was exceeded"
        assert "refused" in parts[5], "the world's error reached the client"
        assert "the world here; you come from 192.0.2.2 port" in parts[6]
        assert "web here; you come from" in parts[7]
        assert "0.0.0.0:8080" in parts[7]
        assert page.count("✓") == len(self.steps)
        assert self.nothing_is_left(page)

    def test_without_ping_and_curl(self, tmp_path):
        """Where neither is installed, a few lines of Python take their place."""
        page = self.demo.page_with_only(tmp_path, ("ip", "sh", "nft"))
        self.judge(page)
        assert "curl is not installed" in page
