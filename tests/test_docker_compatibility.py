"""docs/docker-compatibility.md names a test for each row of what Docker's users know, and every test that it names exists."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs" / "docker-compatibility.md").read_text()
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", TEXT)))
SECTIONS = {f"1.{number}" for number in range(1, 10)}


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_every_test_that_is_named_exists(file, name):
    assert re.search(rf"^(async )?def {name}\(", (ROOT / file).read_text(), re.M)


def test_every_row_has_a_test_or_needs_a_swarm():
    """Issue: "one test id for each of its rows, in a table in the docs (what needs swarm or images is marked so)"."""
    section, rows = "", 0
    seen = set()
    for line in TEXT.splitlines():
        if line.startswith("## "):
            section = line.split()[1]
            seen.add(section)
        if section not in SECTIONS or not line.startswith("| ") or line.startswith("| Docker |"):
            continue
        rows += 1
        _, _, ours, test, _ = re.split(r"(?<!\\) \| |^\| | \|$", line)
        assert re.fullmatch(r"`tests/[\w/]+\.py::test_\w+`", test) or (test == "-" and "**needs a swarm**" in ours), line
    assert seen >= SECTIONS
    assert rows > 100


def test_every_path_is_answered():
    """The paths that the table names are those that the API knows, and one of our own (docs/names.md)."""
    from dataplane.api.routes import ROUTES

    paths = {(verb, pattern.pattern.replace("\\", "")) for verb, pattern, _ in ROUTES}
    assert {path.split("/")[1].split("?")[0] for _, path in paths} == {
        "_ping", "version", "info", "events", "networks", "containers", "exec", "images", "dataplane",
    }  # fmt: skip
