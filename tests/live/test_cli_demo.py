"""``dataplane demo bridge``: unattended, step by step, without iperf3 and ping, and interrupted."""

import os
import re
from pathlib import Path

import pytest
from demonstration import Demonstrated, Demonstration

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root: /dev/net/tun may be closed to others"),
    pytest.mark.skipif(not Path("/dev/net/tun").exists(), reason="this machine has no /dev/net/tun"),
]


class TestBridge(Demonstrated):
    demo = Demonstration("bridge")
    steps = ("The plan", "Up", "Inside", "Before", "Ping", "Silence", "TCP", "Down")
    late = "6. Silence"
    labs = r"dataplane up --detach --verbose --lab (\S+)"

    def judge(self, page: str) -> None:
        headings = re.findall(r"^\d\. (.*)$", page, re.MULTILINE)
        assert [heading.split(":")[0].split(" ")[0] for heading in headings] == [step.split(" ")[0] for step in self.steps]
        assert page.count("✓") >= 6
        assert "by hand" in page
        parts = re.split(r"^\d\. ", page, flags=re.MULTILINE)
        assert "(empty)" in parts[4]
        assert "02:42:0a:0a:00:02" in parts[5], "the FDB shows what was learned"
        assert re.search(r"[\d.]+ [MG]bit/s", parts[7])
        assert self.nothing_is_left(page)

    def test_without_ping_and_iperf3(self, tmp_path):
        """Where neither is installed, a few lines of Python take their place."""
        page = self.demo.page_with_only(tmp_path, ("ip", "sh"))
        self.judge(page)
        assert "10.10.0.2 answered in" in page
        assert "iperf3 is not installed" in page
