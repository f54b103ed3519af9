"""``dataplane bench``."""

from __future__ import annotations

import importlib
import shlex
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
@click.option("--size", "sizes", metavar="N", multiple=True, help="encap, decap: octets of inner frames, or IMIX.")
@click.option("--flows", metavar="N", type=click.IntRange(1, 1_000_000), multiple=True, help="encap, decap: inner flows.")
@click.option("--peers", metavar="N", type=click.IntRange(1, 256), multiple=True, help="encap, decap: remote VTEPs.")
@click.option("--burst", "bursts", metavar="N", type=click.IntRange(1, 256), multiple=True, help="encap, decap: frames at once.")
@click.option("--outer", type=click.Choice(["4", "6"]), help="encap, decap: the underlay's IP.")
@click.option("--pcap", metavar="FILE", type=click.Path(exists=True, dir_okay=False), help="encap: replay this capture.")
@click.argument("cases", nargs=-1, metavar="[CASE]…", shell_complete=lambda _context, _parameter, word: _matching(word))
def command(listing: bool, json_file: str | None, cases: tuple[str, ...], outer: str | None, **words: Any) -> None:
    """Measure what a frame costs.

    All cases, or those named. Each table has a column *overhead*: the cost with the feature less that of the same path without it.
    Options of encap and decap may be given several times: every combination becomes a row.
    """
    benchmarks = _benchmarks()
    if listing:
        click.echo("\n".join(benchmarks.CASES))
        return
    for case in cases:
        if case not in benchmarks.CASES:
            mend = suggest(case, benchmarks.CASES, "dataplane bench --list")
            raise UserError(f"there is no benchmark {case}", where=f"dataplane bench {' '.join(cases)}", mend=mend)
    settings = _settings(cases, benchmarks, outer=int(outer) if outer else None, **words)
    benchmarks.run(cases, json=json_file, settings=settings)


def _settings(cases: tuple[str, ...], benchmarks: Any, **words: Any) -> Any:
    """What the cases are told. Errors: UserError for a size that is none, and where a case takes no such option."""
    chosen = importlib.import_module("bench.settings")
    for text in words["sizes"]:
        try:
            chosen.size(text)
        except ValueError as error:
            raise UserError(str(error), where=f"--size {text}", mend="write --size 64, --size 1500 or --size IMIX") from None
    settings = chosen.Settings(**words)
    for option in settings.given:
        able = [case for case, names in benchmarks.TAKE_SETTINGS.items() if option.removeprefix("--") in names]
        if not cases or not set(cases) <= set(able):
            raise UserError(
                f"not every case takes {option}",
                where=shlex.join(["dataplane", "bench", *cases, option, "…"]),
                mend=f"name those that do: {', '.join(able)}",
            )
    return settings


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
