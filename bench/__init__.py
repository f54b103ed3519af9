"""Benchmarks of the dataplane: what each feature costs over the same path without it.

``python -m bench [CASE…] [--json FILE]``, ``dataplane bench [CASE…]`` and ``make bench`` run the same cases; `run` is the way in
for programs. docs/benchmarks.md says how is counted.
"""

from bench.cases import CASES, run

__all__ = ["CASES", "run"]
