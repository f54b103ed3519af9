"""``dataplane demo nat``: unattended, without curl and ping, and interrupted."""

import os
import re
import signal
from pathlib import Path

import pytest
from demonstration import Demonstration, nothing_is_left

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root: a namespace that plays the world"),
    pytest.mark.skipif(not Path("/dev/net/tun").exists(), reason="this machine has no /dev/net/tun"),
]

DEMO = Demonstration("nat")
STEPS = ["The plan", "Up", "Before", "Isolation", "ICMP errors", "Out", "In", "Down"]


def lab_of(page: str) -> str:
    found = re.search(r"dataplane up --detach --verbose --lab (\S+)", page)
    assert found, page
    return found[1]


def judge(page: str) -> None:
    headings = re.findall(r"^\d\. ([^:(]*)", page, re.MULTILINE)
    assert [heading.strip() for heading in headings] == STEPS
    parts = re.split(r"^\d\. ", page, flags=re.MULTILINE)
    assert "(empty)" in parts[3], "nobody has used the gateway"
    assert re.search(r"router +\d+ +other network", parts[4]), "the drop has a name"
    assert "10.20.0.1" in parts[5], "the gateway says that the time to live was exceeded"
    assert "refused" in parts[5], "the world's error reached the client"
    assert "the world here; you come from 192.0.2.2 port" in parts[6]
    assert "web here; you come from" in parts[7]
    assert "0.0.0.0:8080" in parts[7]
    assert page.count("✓") == len(STEPS)
    assert nothing_is_left(lab_of(page))


def test_unattended():
    judge(DEMO.page())


def test_step_by_step_on_a_terminal():
    """Each step waits for Enter."""
    page, prompts = DEMO.step_by_step()
    assert prompts == len(STEPS) - 1
    judge(page)


def test_without_ping_and_curl(tmp_path):
    """Where neither is installed, a few lines of Python take their place."""
    page = DEMO.page_with_only(tmp_path, ("ip", "sh", "nft"))
    judge(page)
    assert "curl is not installed" in page


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupted_it_cleans_up(number, status):
    page, ended = DEMO.interrupted("5. ICMP", number)
    assert ended == status
    assert nothing_is_left(lab_of(page))
