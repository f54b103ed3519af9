import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from dataplane.cli import doctor
from dataplane.cli.doctor import command
from dataplane.doctor import checkup, machine, peers, spaces, tap, wayout
from dataplane.doctor.child import ask
from dataplane.doctor.finding import Finding


def test_json_is_one_document_of_stable_shape(dataplane):
    said = dataplane("doctor", "--json")
    body = json.loads(said.stdout)
    assert list(body) == ["live", "user", "kernel", "findings"]
    assert body["kernel"] == os.uname().release
    assert said.returncode == (0 if body["live"] else 1)
    for finding in body["findings"]:
        assert list(finding) == ["topic", "name", "state", "detail", "mend", "needed"]
        assert finding["state"] in {"ok", "limited", "missing"}
        assert finding["mend"] or finding["state"] == "ok", "what is not ok says how to mend it"


def test_every_finding_stands_under_its_topic_and_the_verdict_comes_last(dataplane):
    said = dataplane("doctor").stdout.splitlines()
    headings = [line for line in said if line and not line.startswith(" ")]
    assert headings[:-1] == ["Machine", "TAP devices", "Namespaces", "Way out", "Programs beside ours"]
    assert headings[-1].startswith("Live labs as ")
    details = {"compiled": "packet engine", "TCP throughput": "iperf3"}
    columns = {line.index(detail) for detail, name in details.items() for line in said if f" {name} " in line and detail in line}
    assert len(columns) == 1, "details are aligned"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
@pytest.mark.skipif(shutil.which("setpriv") is None, reason="setpriv (util-linux) is not installed")
def test_an_ordinary_user_learns_whether_labs_run_without_root():
    """As `nobody`: what the probes say agrees with whether the device node lets everybody in."""
    user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    words = [*user, sys.executable, "-m", "dataplane", "doctor", "--json"]
    if subprocess.run([*user, sys.executable, "-c", "import json, click"], capture_output=True, timeout=60, check=False).returncode:
        pytest.skip("this Python may be read by root only")
    said = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    body = json.loads(said.stdout)
    by_name = {finding["name"]: finding for finding in body["findings"]}
    opens = Path("/dev/net/tun").stat().st_mode & 0o006 == 0o006
    assert (by_name["/dev/net/tun"]["state"] == "ok") == opens
    assert body["user"] == "nobody"
    assert by_name["names for `ip netns`"]["state"] == "limited"


def test_without_the_device_node_no_lab_runs_and_the_status_is_1(monkeypatch):
    monkeypatch.setattr(tap, "NODE", "/nowhere/tun")
    said = CliRunner().invoke(command, ["--json"], standalone_mode=False)
    body = json.loads(said.output)
    node = next(finding for finding in body["findings"] if finding["name"] == "/nowhere/tun")
    assert (node["state"], node["needed"], node["detail"]) == ("missing", True, "No such file or directory")
    assert "mknod -m 0666 /dev/net/tun c 10 200" in node["mend"]
    assert body["live"] is False
    assert said.return_value == 1


def test_an_older_kernel_is_limited_not_impossible(monkeypatch):
    refused = {"USO": "Invalid argument", "UDP-tunnel GSO": "Invalid argument"}
    monkeypatch.setattr(tap, "ask", lambda question: refused)
    states = {finding.name: finding.state for finding in tap.examine() if finding.name in tap.OFFLOADS}
    assert states == {"CSUM": "ok", "TSO": "ok", "USO": "limited", "UDP-tunnel GSO": "limited"}


def test_a_kernel_that_refuses_namespaces_is_said_to(monkeypatch):
    monkeypatch.setattr(spaces, "ask", lambda question: {"error": "Operation not permitted"})
    findings = spaces.examine()
    kinds = [finding for finding in findings if finding.name in {f"{kind} namespaces" for kind in spaces.KINDS}]
    assert {(finding.state, finding.detail, finding.needed) for finding in kinds} == {("missing", "Operation not permitted", True)}
    assert not checkup.live_labs_possible(findings)


def test_a_missing_program_names_its_package(monkeypatch):
    monkeypatch.setattr(peers.shutil, "which", lambda name, path=None: None)
    assert {finding.mend for finding in peers.examine()} >= {"apt-get install iperf3", "apt-get install vde2"}
    assert checkup.live_labs_possible(peers.examine()), "none of them is needed"


def test_an_engine_that_was_not_compiled_is_missed(monkeypatch):
    monkeypatch.setattr(machine.importlib.util, "find_spec", lambda name: None)
    engine = next(finding for finding in machine.examine() if finding.name == "packet engine")
    assert engine == Finding(
        topic="Machine",
        name="packet engine",
        state="missing",
        detail="not compiled",
        mend="pip install . (needs a C compiler), or make demo",
        needed=True,
    )


def test_few_open_files_limit_the_services(monkeypatch):
    monkeypatch.setattr(machine.resource, "getrlimit", lambda which: (100, 100))
    files = next(finding for finding in machine.examine() if finding.name == "open files")
    assert (files.state, files.detail, files.mend) == ("limited", "only 100: about 20 services a lab", "ulimit -Hn 1024")


def test_a_probe_that_fails_is_never_ok():
    def refused() -> dict[str, object]:
        raise PermissionError(1, "Operation not permitted")

    def broken() -> dict[str, object]:
        return {}["nothing"]

    def killed() -> dict[str, object]:
        os.kill(os.getpid(), signal.SIGKILL)

    assert ask(refused) == {"error": "Operation not permitted"}
    assert ask(broken) == {"error": "KeyError: 'nothing'"}
    assert ask(killed) == {"error": "the probe ended with status -9"}
    assert ask(lambda: {"answer": 1}) == {"answer": 1}


def test_a_narrow_terminal_folds_details_below_each_other(monkeypatch, capsys):
    monkeypatch.setattr(doctor, "page_width", lambda: 50)
    finding = Finding(
        topic="T", name="thing", state="missing", detail="a detail of several words, too long for it", mend="do " * 20
    )
    doctor._show(finding, 20)
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 50
    assert {len(line) - len(line.lstrip()) for line in lines[1:]} == {33, 11}


def test_without_nft_the_mend_is_a_package(monkeypatch):
    monkeypatch.setattr(wayout.nft, "program", lambda: None)
    (finding,) = [one for one in wayout.examine() if one.name == "nftables"]
    assert (finding.state, finding.needed, finding.mend) == ("limited", False, "apt-get install nftables")


def test_somebody_elses_chain_that_drops_is_named(monkeypatch):
    chain = {"family": "inet", "table": "wall", "name": "fwd", "type": "filter", "hook": "forward", "policy": "drop"}
    monkeypatch.setattr(wayout.nft, "listing", lambda: [{"chain": chain}])
    monkeypatch.setattr(wayout.os, "geteuid", lambda: 0)
    monkeypatch.setattr(wayout.nft, "program", lambda: "/usr/sbin/nft")
    (finding,) = wayout._obstacles()
    assert finding.state == "limited"
    assert "table inet wall, chain fwd" in finding.detail
    assert "nft insert rule inet wall fwd iifname dp-LAB accept" in finding.mend
