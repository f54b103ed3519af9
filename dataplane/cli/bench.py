"""``dataplane bench``."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import click

import dataplane
from dataplane.cli.nearest import suggest
from dataplane.errors import UserError

ROOT = Path(dataplane.__file__).parents[1]
"""A checkout has the benchmarks beside the package; a wheel leaves them out."""


@click.command()
@click.option("--list", "listing", is_flag=True, help="Name the cases, and measure nothing.")
@click.option("--json", "json_file", metavar="FILE", type=click.Path(), help="Also write tables and raw numbers there.")
@click.argument("cases", nargs=-1, metavar="[CASE]…", shell_complete=lambda _context, _parameter, word: _matching(word))
def command(listing: bool, json_file: str | None, cases: tuple[str, ...]) -> None:
    """Measure what a frame costs.

    All cases, or those named. Each table has a column *overhead*: the cost with the feature less that of the same path without it.
    """
    benchmarks = _benchmarks()
    if listing:
        click.echo("\n".join(benchmarks.CASES))
        return
    for case in cases:
        if case not in benchmarks.CASES:
            mend = suggest(case, benchmarks.CASES, "dataplane bench --list")
            raise UserError(f"there is no benchmark {case}", where=f"dataplane bench {' '.join(cases)}", mend=mend)
    benchmarks.run(cases, json=json_file)


def _benchmarks() -> Any:
    if not (ROOT / "bench" / "cases.py").is_file():
        raise UserError(
            "the benchmarks are not installed with the package",
            where=str(ROOT),
            mend="run `make bench` or `dataplane bench` in a checkout of the sources",
            status=1,
        )
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    return importlib.import_module("bench.cases")


def _matching(word: str) -> list[str]:
    try:
        return [case for case in _benchmarks().CASES if case.startswith(word)]
    except UserError:
        return []
