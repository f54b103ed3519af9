"""``python -m bench [CASE…] [--json FILE]``."""

from __future__ import annotations

import argparse

from bench.cases import CASES, run


def main() -> None:
    """Read the words and run."""
    parser = argparse.ArgumentParser(prog="bench", description="Measure what the dataplane costs.")
    parser.add_argument("case", nargs="*", choices=[*CASES, []], help=f"which: {', '.join(CASES)}; all without any")
    parser.add_argument("--json", metavar="FILE", help="write tables and raw numbers there")
    words = parser.parse_args()
    run(words.case, json=words.json)


if __name__ == "__main__":
    main()
