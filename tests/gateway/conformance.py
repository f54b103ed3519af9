"""docs/conformance.md and the tests that exist: which test shows which row, in which family. Writes the table's last columns:

python -m tests.gateway.conformance
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "docs" / "conformance.md"
BOTH = {"v", "world", "make", "routed", "any_world", "static", "asking", "nat_world", "both", "site"}
# How the text of a test for one family tells it.
ONE = {
    4: ("world4", "routed4", "World(4", "Overlays(4", "(4, 6)", "sampled_from([4, 6])"),
    6: ("world6", "routed6", "World(6", "Overlays(6", "(4, 6)", "sampled_from([4, 6])"),
}
KINDS = ("| NAT-", "| L3-", "| BR-", "| VX-")


@dataclass(frozen=True)
class Shown:
    """A test function that names rows of requirements."""

    file: str
    name: str
    rows: tuple[str, ...]
    families: frozenset[int]


def marked(function: ast.FunctionDef) -> tuple[str, ...]:
    """The rows in its `pytest.mark.row(...)`."""
    rows = []
    for decorator in function.decorator_list:
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "pytest.mark.row":
            rows += [ast.literal_eval(argument) for argument in decorator.args]
    return tuple(rows)


def families(function: ast.FunctionDef) -> frozenset[int]:
    """Fixtures and worlds of both families, or of one."""
    text = ast.unparse(function)
    if BOTH & {argument.arg for argument in function.args.args} and "World(4" not in text and "World(6" not in text:
        return frozenset({4, 6})
    found = {v for v, words in ONE.items() for word in words if word in text}
    return frozenset(found or {4})


@cache
def existing() -> tuple[Shown, ...]:
    """Every test that names rows."""
    return tuple(read_tests())


def read_tests() -> Iterator[Shown]:
    """From the text of all files, without importing them."""
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_") and (rows := marked(node)):
                yield Shown(path.relative_to(ROOT / "tests").as_posix(), node.name, rows, families(node))


def lines() -> dict[str, list[str]]:
    """The cells of each row's line in the document: row, statement, choice, IPv4, IPv6, tests."""
    table = {}
    for line in DOCUMENT.read_text().splitlines():
        if line.startswith(KINDS):
            cells = [cell.strip() for cell in line.strip("| ").split(" | ")]
            table[cells[0]] = cells
    return table


def shown(row: str) -> str:
    """The tests of a row as the document lists them: by file."""
    by_file: dict[str, list[str]] = {}
    for test in existing():
        if row in test.rows:
            by_file.setdefault(test.file, []).append(test.name.removeprefix("test_"))
    return "; ".join(f"{file}: {', '.join(names)}" for file, names in by_file.items())


def covered(row: str) -> set[int]:
    """The families in which a row is shown."""
    return {v for test in existing() if row in test.rows for v in test.families}


def write() -> None:
    """Bring the last column up to date."""
    out = []
    for line in DOCUMENT.read_text().splitlines():
        cells = line.strip("| ").split(" | ")
        if line.startswith(KINDS):
            out.append(f"| {' | '.join([*cells[:5], shown(cells[0])])} |")
        else:
            out.append(line)
    DOCUMENT.write_text("\n".join(out) + "\n")


if __name__ == "__main__":
    write()
