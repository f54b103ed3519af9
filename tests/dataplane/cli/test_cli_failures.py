"""What goes wrong while a verb works: one message each, and never a traceback unless asked for."""

import signal
import subprocess
import sys

import click
import pytest

from dataplane.cli import run as running
from dataplane.errors import UserError


@pytest.fixture
def verb(monkeypatch):
    """Make `dataplane doctor` do something else."""

    def make(action):
        command = click.Command("verb", callback=lambda words: action(), params=[click.Argument(["words"], nargs=-1)])
        monkeypatch.setattr(running.root, "get_command", lambda context, name: command)

    return make


def failing(error):
    def action():
        raise error

    return action


def test_a_user_error_is_said_with_where_and_mend(verb, capfd):
    verb(failing(UserError("the port is taken", where="shop.yaml:3: ports", mend="choose another\nor none", status=1)))
    assert running.run(["doctor"]) == 1
    assert capfd.readouterr().err == (
        "dataplane: the port is taken\n  where: shop.yaml:3: ports\n  mend:  choose another\n         or none\n"
    )


def test_where_and_mend_are_left_out_when_there_are_none(verb, capfd):
    verb(failing(UserError("no")))
    assert running.run(["doctor"]) == 2
    assert capfd.readouterr().err == "dataplane: no\n"


def test_a_fault_of_ours_is_one_line_and_how_to_see_more(verb, capfd, monkeypatch):
    monkeypatch.delenv("DATAPLANE_DEBUG", raising=False)
    verb(failing(ZeroDivisionError("division by zero")))
    assert running.run(["doctor"]) == 1
    assert capfd.readouterr().err == (
        "dataplane: ZeroDivisionError: division by zero\n  mend:  DATAPLANE_DEBUG=1 in the environment shows the traceback\n"
    )


def test_the_traceback_comes_when_asked_for(verb, capfd, monkeypatch):
    monkeypatch.setenv("DATAPLANE_DEBUG", "1")
    verb(failing(ZeroDivisionError("division by zero")))
    assert running.run(["doctor"]) == 1
    assert "Traceback (most recent call last)" in capfd.readouterr().err


def test_the_machines_own_errors_read_as_sentences(verb, capfd):
    verb(failing(FileNotFoundError(2, "No such file or directory", "/nowhere")))
    assert running.run(["doctor"]) == 1
    assert capfd.readouterr().err.startswith("dataplane: No such file or directory: /nowhere\n")


def test_ctrl_c_is_quiet_and_130(verb, capfd):
    verb(failing(KeyboardInterrupt()))
    assert running.run(["doctor"]) == 130
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("status, seen", [(1, 125), (2, 125), (126, 126), (127, 127)])
def test_exec_keeps_the_statuses_of_docker(verb, status, seen):
    verb(failing(UserError("no", status=status)))
    assert running.run(["exec", "web", "true"]) == seen


def test_a_verb_that_returns_a_number_exits_with_it(verb):
    verb(lambda: 7)
    assert running.run(["doctor"]) == 7
    verb(lambda: None)
    assert running.run(["doctor"]) == 0


def test_a_reader_who_leaves_ends_the_writer_quietly(dataplane):
    for words in ("doctor --json", "--help"):
        command = f"{sys.executable} -m dataplane {words} | true; echo ${{PIPESTATUS[0]}}"
        said = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True, timeout=60)
        assert said.stderr == ""
        assert said.stdout.strip() in {"0", "141"}


def test_a_real_ctrl_c(tmp_path):
    """A process that is interrupted while it works."""
    code = (
        "import sys, time, click\nfrom dataplane.cli import run\n"
        "command = click.Command('doctor', callback=lambda: (print('begun', flush=True), time.sleep(30)))\n"
        "run.root.get_command = lambda context, name: command\nsys.exit(run.run(['doctor']))\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stdout.readline() == "begun\n"
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=30) == ("", "")
    finally:
        process.kill()
    assert process.returncode == 130
