"""``dataplane demo vxlan``: unattended, step by step, without ping, and interrupted."""

import os
import re
import signal
from pathlib import Path

import pytest
from demonstration import Demonstration, nothing_is_left

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root: two namespaces that play hosts"),
    pytest.mark.skipif(not Path("/dev/net/tun").exists(), reason="this machine has no /dev/net/tun"),
]

DEMO = Demonstration("vxlan")
STEPS = ["The plan", "Up", "Before", *(f"Stage {n} of 6" for n in range(1, 7)), "What the VTEPs counted", "Down"]


def labs_of(page: str) -> tuple[str, str]:
    found = re.search(r"dataplane up --detach --lab (\S+)-a ", page)
    assert found, page
    return f"{found[1]}-a", f"{found[1]}-b"


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


def judge(page: str) -> None:
    headings = re.findall(r"^\d+\. ([^:,(\n]*)", page, re.MULTILINE)
    assert [heading.strip() for heading in headings] == STEPS
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
    assert page.count("✓") == len(STEPS)
    assert nothing_is_left(*labs_of(page))


def test_unattended():
    judge(DEMO.page())


def test_step_by_step_on_a_terminal():
    """Each step waits for Enter."""
    page, prompts = DEMO.step_by_step()
    assert prompts == len(STEPS) - 1
    judge(page)


def test_without_ping(tmp_path):
    """Where it is not installed, a few lines of Python take its place."""
    page = DEMO.page_with_only(tmp_path, ("ip", "sh", "nft"))
    judge(page)
    assert "ping is not installed" in page


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupted_it_cleans_up(number, status):
    page, ended = DEMO.interrupted("3. Before", number)
    assert ended == status
    assert nothing_is_left(*labs_of(page))
