"""``python -m bench [CASE…] [--json FILE]``: ``dataplane bench`` without options, for a checkout that is not installed."""

from __future__ import annotations

import click

from bench.cases import CASES, run


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("case", nargs=-1, type=click.Choice(list(CASES)))
@click.option("--json", "json_file", metavar="FILE", help="Write tables and raw numbers there.")
def main(case: tuple[str, ...], json_file: str | None) -> None:
    """Measure what the dataplane costs: the cases named, or all."""
    run(list(case), json=json_file)


if __name__ == "__main__":
    main(prog_name="bench")
