"""docs/start-here.md stays true: each name is defined in the file that it says."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs" / "start-here.md").read_text()
STEPS = re.findall(r"^\| \[([\w/.]+)\]\(\.\./([\w/.]+)\) \| `(\w+)` \|", TEXT, re.M)


def defined(path: Path) -> set[str]:
    """Functions and classes, Python's and Cython's, that have a body there."""
    return set(re.findall(r"^\s*(?:async def|def|class|cdef [^=\n]*?)\s*\b(\w+)\b\s*[(:]", path.read_text(), re.M))


def test_every_row_of_a_table_is_a_step():
    assert len(STEPS) == len(re.findall(r"^\| \[", TEXT, re.M)) > 30


@pytest.mark.parametrize(("shown", "target", "name"), STEPS)
def test_the_step_is_there(shown, target, name):
    assert shown == target
    assert name in defined(ROOT / target)


def test_files_in_the_text_exist():
    for name in re.findall(r"`((?:fastpath|daemon|api|live|proc|desired|apply|drivers|examples)/[\w/.]*)`", TEXT):
        assert (ROOT / name).exists() or (ROOT / "dataplane" / name).exists(), name
