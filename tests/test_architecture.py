"""docs/architecture.md stays true: its code runs, its modules exist, and no module is missing from it."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs" / "architecture.md").read_text()


@pytest.mark.parametrize("block", re.findall(r"```python\n(.*?)```", TEXT, re.S))
def test_the_code_runs(block):
    out = subprocess.run([sys.executable, "-c", block], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert "bridge front" in out
    assert "+ port web.front" in out


def test_every_module_named_exists():
    for name in re.findall(r"`((?:fastpath|dataplane|drivers|apply|tests)/[\w/.]*)`", TEXT):
        assert any((base / name).exists() for base in (ROOT, ROOT / "dataplane")), name


def rows(title: str) -> set[str]:
    part = TEXT.split(title)[1].split("\n**")[0]
    cells = [line.split("|")[1] for line in part.splitlines() if line.startswith("| `")]
    return {name.rstrip("/") for cell in cells for name in re.findall(r"`([\w/]+)`", cell)}


def test_every_module_of_dataplane_is_on_the_map():
    found = {
        p.name.removesuffix(".py") for p in (ROOT / "dataplane").iterdir() if p.suffix == ".py" or (p / "__init__.py").exists()
    }
    found -= {"__init__", "__main__"}
    named = rows("**dataplane/**, pure") | rows("**dataplane/**, with an outside")
    assert found - named == set(), "give it a row in docs/architecture.md"


def test_every_module_of_fastpath_is_on_the_map():
    found = {p.stem for p in (ROOT / "fastpath").glob("*.p[xy][dx]")} - {"pages"}
    assert found - rows("**fastpath/**") == set(), "give it a row in docs/architecture.md"


def test_links_between_documents_lead_somewhere():
    for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(((?!https?:|#)[^)#]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
