"""examples/tutorial.sh on a fresh daemon, in a namespace without other routes: with each docker client that is installed, and with
our own command line (issue 5: "the tutorial passes both ways")."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.live.daemon_process import daemon

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "examples" / "tutorial.sh"
CLIENTS = sorted({os.path.realpath(found) for folder in os.get_exec_path() if (found := shutil.which("docker", path=folder))})

pytestmark = pytest.mark.live


def follow(program: str, folder: Path, host: str) -> subprocess.CompletedProcess[str]:
    """The tutorial with a program, to its end."""
    env = {**os.environ, "DOCKER_HOST": host, "DATAPLANE_HOST": host, "DOCKER_CONFIG": str(folder), "PORT": "8099"}
    return subprocess.run(
        ["sh", str(SCRIPT), program], env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=110, check=False
    )


@pytest.mark.parametrize("client", CLIENTS or [pytest.param("docker", marks=pytest.mark.skip("no docker client"))])
def test_the_tutorial_with_docker(client, tmp_path):
    with daemon(tmp_path) as running:
        said = follow(client, tmp_path, running.host)
        assert said.returncode == 0, said.stdout + said.stderr + running.log()
        assert said.stdout.endswith("# Every step is right.\n")
        assert running.ask("GET", "/containers/json?all=1") == (200, [])


def test_the_tutorial_with_dataplane(tmp_path):
    program = tmp_path / "dataplane"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m dataplane "$@"\n')
    program.chmod(0o755)
    with daemon(tmp_path) as running:
        said = follow(str(program), tmp_path, running.host)
        assert said.returncode == 0, said.stdout + said.stderr + running.log()
        assert said.stdout.endswith("# Every step is right.\n")
        assert sorted(one["Name"] for one in running.ask("GET", "/networks")[1]) == ["bridge", "host", "none"]


def test_a_wrong_step_is_seen(tmp_path):
    """The script can fail: without a daemon, and where an address is another one."""
    said = follow("docker", tmp_path, f"unix://{tmp_path}/none.sock")
    assert said.returncode == 1
    assert "FAILED" in said.stdout
    program = tmp_path / "liar"
    program.write_text("#!/bin/sh\necho nothing of the kind\n")
    program.chmod(0o755)
    said = follow(str(program), tmp_path, "")
    assert (said.returncode, "FAILED: it does not say: bridge" in said.stdout) == (1, True)
