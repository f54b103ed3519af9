"""A session of command lines (session.txt): run it, and keep what each said, ids and times masked.

python -m tests.golden.session PROGRAM FILE      # DOCKER_HOST and DATAPLANE_HOST as the program needs them
"""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from tests.dataplane.cli.masked import masked

LINES = Path(__file__).with_name("session.txt")
RECORDED = Path(__file__).with_name("dockerd.json")


class Said(NamedTuple):
    """What a line was answered."""

    line: str
    status: int
    out: str
    err: str


def lines() -> list[str]:
    return LINES.read_text(encoding="utf-8").splitlines()


def play(program: list[str], environment: Mapping[str, str] | None = None) -> list[Said]:
    """All lines, in order."""
    found = []
    for line in lines():
        said = subprocess.run(
            [*program, *shlex.split(line)],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        found.append(Said(line, said.returncode, masked(said.stdout), masked(said.stderr)))
    return found


def recorded() -> list[Said]:
    """What a real dockerd's client said."""
    return [Said(*one) for one in json.loads(RECORDED.read_text(encoding="utf-8"))["said"]]


def main(program: str, file: str) -> None:
    """Record."""
    asked = [program, "version", "--format", "client {{.Client.Version}}, server {{.Server.Version}}"]
    version = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    Path(file).write_text(json.dumps({"of": version, "said": play([program])}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
