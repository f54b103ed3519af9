"""`dataplane daemon --clean`: what a daemon that was stopped or killed has left is taken away; one that runs is not touched."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from daemon_process import DaemonProcess, daemon
from private_world import needs_user_namespaces, run_in_private_world

from dataplane.proc import pids
from dataplane.proc.server import privileged

pytestmark = [pytest.mark.live]
needs_root = pytest.mark.skipif(not privileged(), reason="rules on the host, and namespaces with names")


def cleaned(process: DaemonProcess) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "dataplane", "daemon", "--clean", "--state", str(process.state)]
    return subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)


def on_host() -> tuple[str, str, list[str], str]:
    """Interfaces, rules, namespaces, sysctls that were changed for somebody."""

    def says(*words: str) -> str:
        return subprocess.run(words, capture_output=True, text=True, check=True).stdout

    names = sorted(path.name for path in Path("/run/netns").glob("*")) if Path("/run/netns").is_dir() else []
    return (
        re.sub(r"\d+:|link-netnsid \d+", "", says("ip", "-br", "link")),
        says("nft", "list", "ruleset"),
        names,
        says("ip", "route"),
    )


@needs_root
@pytest.mark.parametrize("how", ["kill -9", "SIGTERM"])
def test_what_was_left_is_taken_away(tmp_path: Path, how: str) -> None:
    """Processes, one of them paused, namespaces, interface, rules, the folder of what runs. The networks and containers are known
    to the next daemon, which finds that they have ended. Again: nothing to do."""
    before = on_host()
    with daemon(tmp_path) as process:
        process.ask("POST", "/networks/create", {"Name": "front"})
        process.run("web", network="front", HostConfig={"PortBindings": {"80/tcp": [{"HostPort": "18087"}]}})
        process.run("db")
        assert process.ask("POST", "/containers/db/pause")[0] == 204
        shims = [(pid, pids.start_time(pid)) for pid in map(process.pid, ("web", "db"))]
        if how == "SIGTERM":
            process.stop()
        else:
            process.kill()
        assert on_host() != before
        helper = pids.read_json(str(process.runtime / "helper.json"))
        done = cleaned(process)
        words = f"Nothing of daemon {process.name} is left: 2 containers were ended. What it remembers stays in {process.state}."
        assert done.stdout.endswith(f"{words}\n"), done
        assert on_host() == before
        assert helper is not None
        assert not any(pids.alive(*one) for one in [*shims, (helper["pid"], helper["start"])])
        assert not (Path("/run/dataplane-daemon") / process.name).exists()
        assert cleaned(process).stdout == f"Nothing of daemon {process.name} was left.\n"
        process.start()
        assert process.ask("GET", "/networks/front")[0] == 200
        state = process.ask("GET", "/containers/web/json")[1]["State"]
        assert (state["Status"], state["ExitCode"]) == ("exited", 255)
        assert process.ask("POST", "/containers/web/start")[0] == 204


@needs_root
@needs_user_namespaces
def test_an_ordinary_users_is_taken_away() -> None:
    """Processes and the folder of what runs; it has nothing else."""

    def work() -> None:
        with tempfile.TemporaryDirectory() as name, daemon(Path(name)) as process:
            process.run("web")
            pid = process.pid("web")
            shim = pid, pids.start_time(pid)
            runtime = process.runtime
            process.stop()
            assert pids.alive(*shim)
            done = cleaned(process)
            assert "1 container was ended" in done.stdout, done
            assert not pids.alive(*shim)
            assert not runtime.exists()

    run_in_private_world(work, user=True)


def test_a_daemon_that_runs_is_not_touched(tmp_path: Path) -> None:
    """The exit status is 1, and the message names its process."""
    with daemon(tmp_path) as process:
        process.run("web", network="none")
        done = cleaned(process)
        assert process.process is not None
        assert done.returncode == 1
        assert done.stderr.startswith(f"dataplane: a daemon runs with this state already (process {process.process.pid})")
        assert "stop that daemon first" in done.stderr
        assert process.ask("GET", "/containers/web/json")[1]["State"]["Running"]
