"""examples/tutorial.sh, with Docker's command line and with ours, on a daemon of its own (issue: "the tutorial passes both ways").

The tests' host is a namespace without other routes, so that the default bridge is 172.17.0.0/16 and the next network 172.18.0.0/16.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from daemon_process import daemon
from docker_clients import CLIENTS

from dataplane.proc.server import privileged

ROOT = Path(__file__).parents[2]
TUTORIAL = ROOT / "examples" / "tutorial.sh"

pytestmark = [pytest.mark.live, pytest.mark.skipif(not privileged(), reason="needs root")]


def walk(folder: Path, engine: str) -> str:
    """Its output. The engine's program is first in PATH, under its own name."""
    programs = folder / "bin"
    programs.mkdir()
    (programs / Path(engine).name).symlink_to(engine)
    subprocess.run(["ip", "link", "add", "tutorial0", "type", "veth", "peer", "name", "tutorial1"], check=True)
    try:
        subprocess.run(["ip", "link", "set", "tutorial0", "up"], check=True)
        with daemon(folder) as one:
            environment = {
                **os.environ, "PATH": f"{programs}:{os.environ['PATH']}", "DOCKER_HOST": one.host, "DATAPLANE_HOST": one.host,
                "PARENT": "tutorial0",
            }  # fmt: skip
            done = subprocess.run(
                [TUTORIAL, Path(engine).name], capture_output=True, text=True, check=False, timeout=110, env=environment
            )
            assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-2000:]}\n{one.log()}"
            assert {network["Name"] for network in one.ask("GET", "/networks")[1]} == {"bridge", "host", "none"}
            assert one.ask("GET", "/containers/json?all=1")[1] == []
    finally:
        subprocess.run(["ip", "link", "delete", "tutorial0"], check=True)
    return done.stdout


@pytest.mark.skipif(not CLIENTS, reason="no docker client: Debian package docker.io")
@pytest.mark.parametrize("engine", CLIENTS)
def test_the_tutorial_with_docker(tmp_path: Path, engine: str) -> None:
    """Asserts 172.17.0.2 on eth0 and 172.18.0.x on eth1, names, aliases, -p, host, none and macvlan."""
    said = walk(tmp_path, engine)
    assert said.count("ok: ") == 19


def test_the_tutorial_with_dataplane(tmp_path: Path) -> None:
    """The same words, our command line."""
    said = walk(tmp_path, str(Path(sys.executable).parent / "dataplane"))
    assert said.count("ok: ") == 19
