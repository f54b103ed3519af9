"""Wrong words: our command line says what docker's says (DOCKER.md 1.2, 1.3, 1.7: "CLI" texts; exit status 125 or 1), the program's
name aside. The texts are docker's own, recorded (tests/golden/words.txt)."""

import shlex

import pytest

from tests.dataplane.cli.recorder import newest_docker
from tests.golden import record_words

GOLDEN = record_words.read()


def ours(text: str) -> str:
    return text.replace("docker", "dataplane")


@pytest.mark.parametrize("line", GOLDEN)
def test_wrong_words_are_answered_as_docker_does(inside, line, monkeypatch):
    monkeypatch.setenv("DATAPLANE_HOST", record_words.NOBODY)
    said = inside(*shlex.split(line))
    assert (said.returncode, said.stderr.rstrip("\n") + "\n") == (GOLDEN[line][0], ours(GOLDEN[line][1]))
    assert said.stdout == ""


def test_the_recording_is_what_docker_says():
    """Some of it, with the docker of this machine."""
    program = newest_docker()
    for line in list(GOLDEN)[::9]:
        status, text = record_words.ask(program, line)
        assert (status, text.rstrip("\n") + "\n") == GOLDEN[line], line


def test_nobody_answers(inside, monkeypatch):
    """Where there is no daemon, it is said how to start one (issue 5: "and say how to start it")."""
    monkeypatch.setenv("DATAPLANE_HOST", record_words.NOBODY)
    said = inside("network", "ls")
    assert said.returncode == 1
    assert said.stderr.startswith("dataplane: the daemon does not answer at unix:///nobody.sock: no such file or directory\n")
    assert "start it: dataplane daemon" in said.stderr
    assert inside("run", "host", "true").returncode == 125
