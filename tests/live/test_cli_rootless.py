"""The command line as an ordinary user, where everybody may open /dev/net/tun: made so in a mount namespace of the test's own."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can open the device node to everybody, and become somebody else"),
    pytest.mark.skipif(not Path("/dev/net/tun").exists(), reason="this machine has no /dev/net/tun"),
    pytest.mark.skipif(not all(map(shutil.which, ("unshare", "setpriv"))), reason="needs unshare and setpriv (util-linux)"),
]

ROOT = Path(__file__).resolve().parents[2]
OPENED = (
    'mount -t tmpfs tmpfs "$1" && mknod -m 666 "$1/tun" c 10 200 && mount --bind "$1/tun" /dev/net/tun && '
    'umount -l "$1" && mkdir -m 700 "$2" && chown 65534:65534 "$2" && shift && '
    'XDG_RUNTIME_DIR="$1" HOME="$1" exec setpriv --reuid=65534 --regid=65534 --clear-groups -- "$0" -m dataplane "${@:2}"'
)


NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"]


def readable(python: str, env: dict[str, str]) -> bool:
    """`nobody` can run this interpreter (from a shell of theirs, without root's capabilities), and it finds our modules."""
    words = [*NOBODY, "sh", "-c", 'exec "$0" -c "import click, dataplane.cli.run, fastpath"', python]
    return subprocess.run(words, env=env, cwd="/", capture_output=True, timeout=60, check=False).returncode == 0


@pytest.fixture
def place():
    """A folder that others may pass through. Not one of pytest's: each run of it closes them to others again."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        yield Path(folder)


@pytest.fixture
def dataplane(place):
    """Run `dataplane WORDS` as `nobody`."""
    env = {name: value for name, value in os.environ.items() if name != "XDG_RUNTIME_DIR"}
    env["PYTHONPATH"] = os.pathsep.join([str(ROOT), *filter(None, sys.path)])
    python = next((path for path in (sys.executable, "/usr/bin/python3") if readable(path, env)), None)
    if python is None:
        pytest.skip("this Python, or this checkout, may be read by root only")

    def run(*words):
        (place / "mnt").mkdir()
        shell = ["unshare", "--mount", "bash", "-c", OPENED, python, str(place / "mnt"), str(place / "run"), *words]
        return subprocess.run(shell, env=env, cwd="/", capture_output=True, text=True, timeout=100, check=False)

    return run


def test_the_doctor_finds_that_labs_run_without_root(dataplane):
    said = dataplane("doctor")
    assert "Live labs as nobody: possible." in said.stdout, said.stdout + said.stderr
    assert re.search(r"ok +labs without root", said.stdout)
    assert said.returncode == 0


def test_the_demonstration_runs_without_root_and_leaves_nothing(dataplane):
    said = dataplane("demo", "bridge")
    assert said.returncode == 0, said.stdout + said.stderr
    assert "0% packet loss" in said.stdout or "answered in" in said.stdout
    assert re.search(r"[\d.]+ [MG]bit/s", said.stdout)
    assert "nsenter --user=" in said.stdout, "how one enters by hand is said for this user"
    assert said.stdout.rstrip().endswith("No namespace, TAP, process or file of it remains.")
