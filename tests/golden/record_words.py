"""Write tests/golden/words.txt again: what docker's client (23 or later) says to wrong words. No daemon is needed.

python -m tests.golden.record_words [DOCKER]
"""

from __future__ import annotations

import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

FILE = Path(__file__).with_name("words.txt")
NOBODY = "unix:///nobody.sock"


def read() -> dict[str, tuple[int, str]]:
    """Exit status and standard error by line."""
    found: dict[str, tuple[int, str]] = {}
    for part in FILE.read_text(encoding="utf-8").split("\n$ ")[1:]:
        line, _, rest = part.partition("\n")
        status, _, text = rest.partition("\n")
        found[line] = int(status.removeprefix("status ")), text.rstrip("\n") + "\n"
    return found


def ask(program: str, line: str) -> tuple[int, str]:
    """What a client says to it."""
    with tempfile.TemporaryDirectory() as home:
        env = {"PATH": "/usr/bin:/bin", "DOCKER_HOST": NOBODY, "HOME": home, "DOCKER_CONFIG": home}
        said = subprocess.run(
            [program, *shlex.split(line)],
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    return said.returncode, said.stderr


def main(program: str = "docker") -> None:
    """Ask each line again."""
    version = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    parts = [f"# {version}, by tests/golden/record_words.py"]
    for line in read():
        status, text = ask(program, line)
        parts.append(f"$ {line}\nstatus {status}\n{text}")
    FILE.write_text("\n".join(parts), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
