"""The command line: one module a verb, each thin: parse, call, print.

The top-level help and the version are answered here, before Click is imported: Click alone takes longer to import than the
interpreter takes to start. ``help.txt`` is what Click renders; a test compares them.
"""

import os
import sys

import dataplane

COMPLETE = "_DATAPLANE_COMPLETE"
"""The variable by which a shell asks for completions, as Click names it."""


def main() -> None:
    """Run ``dataplane`` on ``sys.argv`` and exit: 0 done, 1 the work failed, 2 the words were wrong (``exec``: see there)."""
    words = sys.argv[1:]
    if COMPLETE not in os.environ:
        if words in ([], ["--help"], ["-h"]):
            with open(os.path.join(os.path.dirname(__file__), "help.txt"), encoding="utf-8") as file:  # noqa: PTH118, PTH120, PTH123
                _answer(file.read())
        if words in (["--version"], ["-V"]):
            _answer(f"dataplane {dataplane.__version__}\n")
    from dataplane.cli.run import run

    sys.exit(run(words))


def _answer(text: str) -> None:
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader has what it wanted; the interpreter's own flush at exit must not complain about it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    sys.exit(0)
