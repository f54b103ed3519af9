import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]

Said = subprocess.CompletedProcess[str]
Dataplane = Callable[..., Said]

SHOP = """
name: shop
services:
  web: {networks: [front]}
  db: {networks: [front, back]}
networks:
  front: {ipam: {config: [{subnet: 10.20.0.0/24}]}}
  back: {ipam: {config: [{subnet: 10.21.0.0/24}]}}
"""


@pytest.fixture
def dataplane(tmp_path: Path) -> Dataplane:
    """Run `dataplane WORDS` as a user does: a process of its own, in an empty folder, not on a terminal."""

    def run(*words: str, cwd: Path = tmp_path, stdin: str | None = None, **variables: str) -> Said:
        known = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "DATAPLANE_DEBUG", "COLUMNS"}}
        env = {**known, "PYTHONPATH": str(ROOT), "XDG_RUNTIME_DIR": str(tmp_path), **variables}
        command = [sys.executable, "-m", "dataplane", *words]
        return subprocess.run(command, cwd=cwd, env=env, input=stdin, capture_output=True, text=True, timeout=60, check=False)

    return run


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A folder with a Compose file."""
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "compose.yaml").write_text(SHOP, encoding="utf-8")
    return folder


@pytest.fixture
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Dataplane:
    """The same within this process, which is quicker; for what ends before anything is imported for good."""
    from dataplane.cli.run import run

    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.delenv("DATAPLANE_DEBUG", raising=False)

    def call(*words: str, cwd: Path = tmp_path) -> Said:
        monkeypatch.chdir(cwd)
        capfd.readouterr()
        status = run(words)
        said = capfd.readouterr()
        return subprocess.CompletedProcess(list(words), status, said.out, said.err)

    return call
