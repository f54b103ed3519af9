"""``dataplane demo bridge``: unattended, step by step, without iperf3 and ping, and interrupted."""

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
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root: /dev/net/tun may be closed to others"),
    pytest.mark.skipif(not Path("/dev/net/tun").exists(), reason="this machine has no /dev/net/tun"),
]

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "DATAPLANE_DEBUG": "1"}
COMMAND = [sys.executable, "-m", "dataplane", "demo", "bridge"]
STEPS = ["The plan", "Up", "Inside", "Before", "Ping", "Silence", "TCP", "Down"]


def lab_of(page: str) -> str:
    found = re.search(r"dataplane up --detach --verbose --lab (\S+)", page)
    assert found, page
    return found[1]


def nothing_is_left(lab: str) -> bool:
    return not Path(f"/run/dataplane/{lab}").exists() and not list(Path("/run/netns").glob(f"{lab}-*"))


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
    said = subprocess.run(COMMAND, cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, timeout=60, check=False)
    assert (said.returncode, said.stderr) == (0, "")
    judge(said.stdout)
    assert "\x1b" not in said.stdout, "no colours where there is no terminal"


def test_without_ping_and_iperf3(tmp_path):
    """Where neither is installed, a few lines of Python take their place."""
    for tool in ("ip", "sh"):
        (tmp_path / tool).symlink_to(
            next(path for path in (f"/usr/sbin/{tool}", f"/usr/bin/{tool}", f"/bin/{tool}") if Path(path).exists())
        )
    env = {**ENVIRONMENT, "PATH": str(tmp_path)}
    said = subprocess.run(COMMAND, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert (said.returncode, said.stderr) == (0, "")
    judge(said.stdout)
    assert "10.10.0.2 answered in" in said.stdout
    assert "iperf3 is not installed" in said.stdout


def test_step_by_step_on_a_terminal():
    """Each step waits for Enter; colours, and no line wider than the terminal but commands to copy."""
    page, plain, prompts = step_by_step(COMMAND, ROOT, ENVIRONMENT)
    assert prompts == len(STEPS) - 1
    assert "\x1b[" in page
    judge(plain)


@pytest.mark.parametrize("number, status", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupted_it_cleans_up(number, status):
    process = subprocess.Popen(
        [sys.executable, "-u", *COMMAND[1:]], cwd=ROOT, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    page = ""
    while "6. Silence" not in page:
        line = process.stdout.readline()
        assert line, process.stderr.read()
        page += line
    process.send_signal(number)
    _rest, complaint = process.communicate(timeout=30)
    assert (process.returncode, complaint) == (status, "")
    assert nothing_is_left(lab_of(page))
