"""Whose `ps`, `exec`, `logs`, `port` and `stats` are meant: a lab's or the daemon's (docs/cli.md)."""

import pytest

from dataplane.cli import whose
from tests.dataplane.api.serving import served


def test_the_variable_and_the_word_mean_the_daemon(monkeypatch, tmp_path):
    monkeypatch.setattr(whose, "default_socket", lambda: str(tmp_path / "none"))
    monkeypatch.delenv("DATAPLANE_HOST", raising=False)
    assert not whose.of_daemon(["ps"])
    assert whose.of_daemon(["ps", "--daemon", "-a"])
    monkeypatch.setenv("DATAPLANE_HOST", "unix:///x")
    assert whose.of_daemon(["ps"])
    assert not whose.of_daemon(["exec", "--lab", "shop", "web", "true"])
    assert not whose.of_daemon(["ps", "--lab=shop"])


@pytest.mark.parametrize(("running", "daemons"), [(True, False), (False, True)])
def test_else_the_daemons_where_it_listens_and_no_lab_runs(monkeypatch, tmp_path, running, daemons):
    from dataplane.live import lookup

    (tmp_path / "s").touch()
    monkeypatch.setattr(whose, "default_socket", lambda: str(tmp_path / "s"))
    monkeypatch.delenv("DATAPLANE_HOST", raising=False)
    monkeypatch.setattr(lookup, "labs", lambda: [lookup.LabInfo("a", tmp_path, 1 if running else None)])
    assert whose.of_daemon(["ps"]) == daemons


def test_the_word_is_taken_out(dataplane, tmp_path):
    with served(tmp_path / "s"):
        host = f"unix://{tmp_path}/s"
        assert dataplane("ps", "--daemon", "-q", "-a", DATAPLANE_HOST=host).returncode == 0
        assert dataplane("stats", "--daemon", "--no-stream", DATAPLANE_HOST=host).stdout.startswith("CONTAINER ID")
        said = dataplane("port", "--daemon", "nobody", DATAPLANE_HOST=host)
    assert (said.returncode, said.stderr) == (1, "Error response from daemon: No such container: nobody\n")


@pytest.mark.parametrize("words", [["exec", "web", "true"], ["logs", "web"], ["port", "web"], ["stats"], ["drops"]])
def test_where_neither_is_there_both_are_said(monkeypatch, tmp_path, capfd, words):
    """Issue 5: `exec … logs … port` need the daemon "and say how to start it", also where a lab could be meant; and verbs that labs
    alone have say which a daemon's containers have."""
    from dataplane.cli.run import run
    from dataplane.live import lookup

    monkeypatch.setattr(whose, "default_socket", lambda: str(tmp_path / "none"))
    monkeypatch.setattr(lookup, "labs", list)
    monkeypatch.delenv("DATAPLANE_HOST", raising=False)
    assert run(words) in {1, 125}
    said = capfd.readouterr().err
    assert "start one: dataplane up -d\n" in said
    assert "dataplane daemon\n" in said
