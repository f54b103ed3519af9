"""Every command block of the README is run, and console blocks must show what is really printed.

A comment in front of a block says how: `<!-- run: as root … -->`, `<!-- run: make --dry-run … -->`, `<!-- file: NAME -->` (it is
that file's content). A block without one is run as it stands.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
BLOCK = re.compile(r"(?:<!-- *(?P<how>[^>]*?) *-->\n)?^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
PICTURE, OWN_FILE = {"", "mermaid"}, "file: "
PRIVATE_RUN = (
    "ip link set lo up && mount -t tmpfs -o mode=0755 tmpfs /run && mount -t tmpfs -o mode=0755 tmpfs /var/lib && "
    'exec bash -e -o pipefail -c "$1"'
)
"""As root, in mount and network namespaces of its own, /run and /var/lib empty: no lab or daemon of this machine is seen, no rule
of it touched."""


@dataclass(frozen=True)
class Block:
    line: int
    language: str
    how: str
    text: str


def blocks() -> Iterator[Block]:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    # What the benchmarks printed is no command.
    readme = re.sub(
        r"<!-- (bench\S*):begin -->.*?<!-- \1:end -->", lambda held: "\n" * held[0].count("\n"), readme, flags=re.DOTALL
    )
    for found in BLOCK.finditer(readme):
        line = readme.count("\n", 0, found.start("language")) + 1
        yield Block(line, found["language"], found["how"] or "", found["text"])


COMMANDS = [block for block in blocks() if block.language not in PICTURE and not block.how.startswith(OWN_FILE)]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder that looks like a clone: the examples, the Makefile, the README's own files, and a `dataplane` on the path."""
    for name in ("examples", "pcaps", "Makefile"):
        if (ROOT / name).exists():
            (tmp_path / name).symlink_to(ROOT / name)
    for block in blocks():
        if block.how.startswith(OWN_FILE):
            (tmp_path / block.how.removeprefix(OWN_FILE)).write_text(block.text, encoding="utf-8")
    script = tmp_path / "bin" / "dataplane"
    script.parent.mkdir()
    script.write_text(f'#!/bin/sh\nexec {sys.executable} -m dataplane "$@"\n', encoding="utf-8")
    script.chmod(0o755)
    return tmp_path


def run(place: Path, command: list[str], cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PATH": f"{place / 'bin'}:{os.environ['PATH']}"}
    return subprocess.run(command, cwd=cwd or place, env=env, capture_output=True, text=True, timeout=110, check=False)


def test_the_readme_has_the_blocks_that_it_promises():
    assert {block.language for block in COMMANDS} == {"sh", "python", "console"}
    assert "make demo" in COMMANDS[0].text
    assert "make test" in COMMANDS[0].text


@pytest.mark.parametrize("block", COMMANDS, ids=lambda block: f"line {block.line}")
def test_a_block(block: Block, place: Path):
    if block.language == "python":
        command = [sys.executable, "-c", block.text]
    elif block.language == "console":
        judge_console(block, place)
        return
    elif block.how.startswith("run: make --dry-run"):
        dry = re.sub(r"^make ", "make --dry-run ", block.text, flags=re.MULTILINE)
        said = run(place, ["bash", "-e", "-c", dry], cwd=ROOT)
        assert said.returncode == 0, said.stdout + said.stderr
        return
    elif block.how.startswith("run: as root"):
        if os.geteuid() != 0 or not Path("/dev/net/tun").exists() or shutil.which("unshare") is None:
            pytest.skip("needs root, /dev/net/tun and unshare (util-linux)")
        if block.how.endswith("with docker") and shutil.which("docker") is None:
            pytest.skip("no docker client: Debian package docker.io")
        command = ["unshare", "--mount", "--net", "bash", "-c", PRIVATE_RUN, "bash", block.text]
    else:
        command = ["bash", "-e", "-o", "pipefail", "-c", block.text]
    said = run(place, command)
    assert said.returncode == 0, said.stdout + said.stderr


def judge_console(block: Block, place: Path) -> None:
    """Lines that begin with `$ ` are run; what follows is what they print, errors included."""
    for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
        command, _, expected = part.partition("\n")
        said = run(place, ["bash", "-c", f"{command} 2>&1"])
        assert said.stdout == expected


def test_links_lead_somewhere():
    text = (ROOT / "README.md").read_text(encoding="utf-8") + (ROOT / "docs" / "from-veth-to-tap.md").read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", text):
        assert (ROOT / target).exists() or (ROOT / "docs" / target).exists(), target


def test_each_example_has_a_line():
    listed = re.findall(r"^\| \[(\S+\.yaml)\]", (ROOT / "examples" / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(listed) == sorted(path.name for path in (ROOT / "examples").glob("*.yaml"))
