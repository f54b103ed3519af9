import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

import dataplane as package
from dataplane import cli
from dataplane.cli.root import SECTIONS, help_text, root

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(package.__file__).parents[1])}
VERBS = {verb: line for section in SECTIONS.values() for verb, line in section.items()}


def packaged() -> str:
    return (Path(cli.__file__).parent / "help.txt").read_text(encoding="utf-8")


def test_the_packaged_help_is_what_click_renders():
    assert packaged() == help_text()


def python(*words: str) -> str:
    return subprocess.run([sys.executable, *words], capture_output=True, text=True, check=True, timeout=60, env=ENVIRONMENT).stdout


@pytest.mark.parametrize("words", [[], ["--help"], ["-h"]], ids=str)
def test_the_top_level_help_is_answered_with_status_0(dataplane, words):
    said = dataplane(*words)
    assert (said.returncode, said.stdout, said.stderr) == (0, packaged(), "")


def test_the_version(dataplane):
    for word in ("--version", "-V"):
        assert dataplane(word).stdout == f"dataplane {package.__version__}\n"


def test_top_level_help_and_version_import_nothing_heavy():
    code = "import sys; sys.argv=['dataplane', sys.argv[1]]\nfrom dataplane.cli import main\ntry: main()\nexcept SystemExit: pass\n"
    heavy = "print([name for name in ('click', 'rich', 'numpy', 'yaml', 'typing', 'fastpath') if name in sys.modules])"
    for word in ("--help", "--version"):
        assert python("-c", code + heavy, word).splitlines()[-1] == "[]", word


def test_help_imports_little_beyond_what_an_empty_interpreter_does():
    """What keeps it within three times `python -c pass`; the time itself is measured by bench/test_startup.py."""
    count = "import sys; print(len(sys.modules))"
    code = "import sys; sys.argv=['dataplane', '--help']\nfrom dataplane.cli import main\ntry: main()\nexcept SystemExit: pass\n"
    assert int(python("-c", code + count).splitlines()[-1]) - int(python("-c", count)) <= 12


@pytest.mark.parametrize("verb", VERBS)
def test_the_line_of_a_verb_is_its_own_first_sentence(verb):
    command = root.get_command(click.Context(root), verb)
    assert command is not None
    assert (command.help or "").split("\n\n")[0].replace("\n", " ") == VERBS[verb]


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_that_fits_80_columns(inside, verb):
    said = inside(verb, "--help")
    assert said.returncode == 0
    assert said.stdout.startswith(f"Usage: dataplane {verb}")
    assert max(map(len, said.stdout.splitlines())) <= 80


def test_no_verb_imports_the_engine_or_rich_to_show_its_help():
    verbs = list(VERBS)
    code = (
        "import sys, click\nfrom dataplane.cli.root import root\n"
        f"for verb in {verbs}: root.get_command(click.Context(root), verb).get_help(click.Context(root))\n"
        "print([name for name in ('rich', 'numpy', 'yaml', 'fastpath', 'aiohttp', 'pyroute2') if name in sys.modules])"
    )
    assert python("-c", code) == "[]\n"
