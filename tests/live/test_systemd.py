"""`packaging/dataplane.service` under systemd: begun when the API answers, and ended without its containers."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from systemd_machine import PROGRAM, Machine, cgroups, machine

from dataplane.proc.server import privileged

UNIT = Path(__file__).parents[2] / "packaging" / "dataplane.service"
pytestmark = pytest.mark.skipif(PROGRAM is None, reason="systemd is not installed (apt install systemd)")
boots = [
    pytest.mark.live,
    pytest.mark.skipif(not privileged(), reason="a machine's namespaces need root"),
    pytest.mark.skipif(cgroups() is None, reason="no cgroups of version 2 that can be written to"),
]


def test_systemd_finds_no_fault_with_the_unit(tmp_path: Path) -> None:
    """Only the program's place is another."""
    copy = tmp_path / UNIT.name
    copy.write_text(UNIT.read_text().replace("/usr/local/bin/dataplane", shutil.which("true") or ""))
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", copy], capture_output=True, text=True, check=False)
    assert (done.returncode, [line for line in done.stderr.splitlines() if UNIT.name in line]) == (0, [])


class TestMachine:
    """One boot for all of it."""

    pytestmark = boots

    def test_containers_outlive_the_daemon_whatever_ends_it(self, tmp_path: Path) -> None:
        """Restarted, stopped and started, killed (`Restart=on-failure`): the same process, and the next daemon has it."""
        with machine(UNIT, tmp_path) as one:
            begun = one.until("active")
            assert (begun["Type"], begun["SubState"]) == ("notify", "running")
            one.dataplane("ps")  # active means that it answers
            one.dataplane("run", "-d", "--name", "web", "host", "sleep", "1000")
            process = self.process(one)
            one.ok("systemctl", "restart", "dataplane")
            assert self.process(one) == process
            one.ok("systemctl", "stop", "dataplane")
            assert one.state()["ActiveState"] == "inactive"
            assert one.call("kill", "-0", process).returncode == 0
            one.ok("systemctl", "start", "dataplane")
            assert self.process(one) == process
            before = one.state()
            one.ok("kill", "-9", before["MainPID"])
            assert one.until("active", after=before["MainPID"])["NRestarts"] == "1"
            assert self.process(one) == process
            one.dataplane("rm", "-f", "web")

    def process(self, one: Machine) -> str:
        """The number of the container's first process, in the machine."""
        return one.dataplane("inspect", "-f", "{{.State.Running}} {{.State.Pid}}", "web").removeprefix("true ")
