"""What .ci/run leaves out of a run is shown by another."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
RUN = (ROOT / ".ci" / "run").read_text()

# Imports test modules as pytest does, and says what of fastpath that has loaded.
LOADED = """
import sys, pytest
assert pytest.main(["--collect-only", "-qq", "-p", "no:cacheprovider", *sys.argv[1:]]) == 0
print("loaded:", *sorted(name for name in sys.modules if name.startswith("fastpath.")))
"""


def left_out() -> list[Path]:
    """Of tests/dataplane, for they load no compiled module."""
    found = re.search(r'^pure="(.*)"$', RUN, re.M)
    assert found
    return [path for name in found[1].split() for path in (ROOT / "tests" / "dataplane").glob(name)]


def test_what_the_sanitised_run_leaves_out_loads_no_compiled_module():
    command = [sys.executable, "-c", LOADED, *map(str, left_out())]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "loaded:", "test it under the sanitisers: take it out of `pure` in .ci/run"


def test_each_live_test_is_in_a_half():
    """The halves are of tests/live/test_*.py; pytest would find tests in folders below as well."""
    assert "live=(tests/live/test_*.py)" in RUN
    assert not [path for path in (ROOT / "tests" / "live").rglob("test_*.py") if path.parent.name != "live"]
