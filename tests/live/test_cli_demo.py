"""``dataplane demo bridge``: unattended, step by step, without iperf3 and ping, and interrupted."""

import os
import re
import signal
from pathlib import Path

import pytest
from demonstration import Demonstration, nothing_is_left

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root: /dev/net/tun may be closed to others"),
    pytest.mark.skipif(not Path("/dev/net/tun").exists(), reason="this machine has no /dev/net/tun"),
]

DEMO = Demonstration("bridge")
STEPS = ["The plan", "Up", "Inside", "Before", "Ping", "Silence", "TCP", "Down"]


def lab_of(page: str) -> str:
    found = re.search(r"dataplane up --detach --verbose --lab (\S+)", page)
    assert found, page
    return found[1]


def judge(page: str) -> None:
    headings = re.findall(r"^\d\. (.*)$", page, re.MULTILINE)
    assert [heading.split(":")[0].split(" ")[0] for heading in headings] == [step.split(" ")[0] for step in STEPS]
    assert page.count("✓") >= 6
    assert "by hand" in page
    parts = re.split(r"^\d\. ", page, flags=re.MULTILINE)
    assert "(empty)" in parts[4]
    assert "02:42:0a:0a:00:02" in parts[5], "the FDB shows what was learned"
    assert re.search(r"[\d.]+ [MG]bit/s", parts[7])
    assert nothing_is_left(lab_of(page))


def test_unattended():
    judge(DEMO.page())


def test_without_ping_and_iperf3(tmp_path):
    """Where neither is installed, a few lines of Python take their place."""
    page = DEMO.page_with_only(tmp_path, ("ip", "sh"))
    judge(page)
    assert "10.10.0.2 answered in" in page
    assert "iperf3 is not installed" in page


def test_step_by_step_on_a_terminal():
    """Each step waits for Enter; colours, and no line wider than the terminal but commands to copy."""
    page, prompts = DEMO.step_by_step()
    assert prompts == len(STEPS) - 1
    judge(page)


@pytest.mark.parametrize("number, status", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupted_it_cleans_up(number, status):
    page, ended = DEMO.interrupted("6. Silence", number)
    assert ended == status
    assert nothing_is_left(lab_of(page))
