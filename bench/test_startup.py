"""What a person waits for before the first letter: `dataplane --help` beside an idle interpreter (aim: within 3 times)."""

import subprocess
import sys
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture as Benchmark

SCRIPT = "import sys\nfrom dataplane.cli import main\nsys.exit(main())\n"


@pytest.mark.parametrize("what", ["nothing", "help"])
def test_startup(what: str, benchmark: Benchmark, tmp_path: Path) -> None:
    script = tmp_path / "dataplane"
    script.write_text(SCRIPT, encoding="utf-8")
    words = [str(script), "--help"] if what == "help" else ["-c", "pass"]
    benchmark.pedantic(subprocess.run, ([sys.executable, *words],), {"stdout": subprocess.DEVNULL, "check": True}, rounds=20)
