"""``dataplane demo vxlan``: unattended, step by step, without ping, and interrupted."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from stepping import step_by_step

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root: two namespaces that play hosts"),
    pytest.mark.skipif(not Path("/dev/net/tun").exists(), reason="this machine has no /dev/net/tun"),
]

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "DATAPLANE_DEBUG": "1"}
COMMAND = [sys.executable, "-m", "dataplane", "demo", "vxlan"]
STEPS = ["The plan", "Up", "Before", *(f"Stage {n} of 6" for n in range(1, 7)), "What the VTEPs counted", "Down"]


def lab_of(page: str) -> str:
    found = re.search(r"dataplane up --detach --lab (\S+)-a ", page)
    assert found, page
    return found[1]


def nothing_is_left(lab: str) -> bool:
    return not list(Path("/run/dataplane").glob(f"{lab}-[ab]")) and not list(Path("/run/netns").glob(f"{lab}-*"))


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
    assert nothing_is_left(lab_of(page))


def test_unattended():
    said = subprocess.run(COMMAND, cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, timeout=90, check=False)
    assert (said.returncode, said.stderr) == (0, "")
    judge(said.stdout)
    assert "\x1b" not in said.stdout, "no colours where there is no terminal"


def test_step_by_step_on_a_terminal():
    """Each step waits for Enter."""
    page, plain, prompts = step_by_step(COMMAND, ROOT, ENVIRONMENT)
    assert prompts == len(STEPS) - 1
    assert "\x1b[" in page
    judge(plain)


def test_without_ping(tmp_path):
    """Where it is not installed, a few lines of Python take its place."""
    for tool in ("ip", "sh", "nft"):
        (tmp_path / tool).symlink_to(
            next(path for path in (f"/usr/sbin/{tool}", f"/usr/bin/{tool}", f"/bin/{tool}") if Path(path).exists())
        )
    env = {**ENVIRONMENT, "PATH": str(tmp_path)}
    said = subprocess.run(COMMAND, cwd=ROOT, env=env, capture_output=True, text=True, timeout=90, check=False)
    assert (said.returncode, said.stderr) == (0, "")
    judge(said.stdout)
    assert "ping is not installed" in said.stdout


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupted_it_cleans_up(number, status):
    process = subprocess.Popen(
        [sys.executable, "-u", *COMMAND[1:]], cwd=ROOT, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    page = ""
    while "3. Before" not in page:
        line = process.stdout.readline()
        assert line, process.stderr.read()
        page += line
    process.send_signal(number)
    _rest, complaint = process.communicate(timeout=30)
    assert (process.returncode, complaint) == (status, "")
    assert nothing_is_left(lab_of(page))
