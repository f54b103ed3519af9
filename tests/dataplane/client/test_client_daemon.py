"""Where the daemon is looked for, and what is said when it is not there or refuses."""

import os
from pathlib import Path

import pytest

from dataplane.client import Daemon, Refusal
from dataplane.client.address import socket_path
from dataplane.errors import UserError
from tests.dataplane.cli.recorder import recording


def test_the_variable_names_it(monkeypatch):
    monkeypatch.setenv("DATAPLANE_HOST", "unix:///a/b.sock")
    assert Daemon.at().path == "/a/b.sock"
    assert socket_path("/c.sock") == "/c.sock"


@pytest.mark.parametrize("wrong", ["tcp://1.2.3.4:2375", "unix://relative", "d.sock"])
def test_another_kind_of_address_is_refused(wrong):
    with pytest.raises(UserError, match="no address of a daemon"):
        socket_path(wrong)


def test_a_refusal_has_dockers_words_and_our_mend(tmp_path):
    answers = {"GET /x": ({"message": "No such thing", "mend": "make one"}, 404), "GET /y": ("nonsense", 500)}
    with recording(tmp_path, **answers) as recorder:
        daemon = Daemon.at(recorder.host)
        with pytest.raises(Refusal) as refused:
            daemon.ask("GET", "/x")
        assert (refused.value.http, refused.value.what, refused.value.mend) == (404, "No such thing", "make one")
        with pytest.raises(Refusal, match="nonsense"):
            daemon.ask("GET", "/y")


def test_questions_are_written_as_docker_writes_them(tmp_path):
    with recording(tmp_path, **{"GET /x": []}) as recorder:
        Daemon.at(recorder.host).ask("GET", "/x", query={"all": True, "none": None, "filters": {"a": {"b": True}}})
        assert recorder.asked[0].query == {"all": ["1"], "filters": ['{"a":{"b":true}}']}


def test_nobody_is_there(tmp_path):
    with pytest.raises(UserError, match="does not answer") as error:
        Daemon(str(tmp_path / "none.sock")).ask("GET", "/x")
    assert error.value.mend.startswith("start it: dataplane daemon")


def test_a_path_may_be_longer_than_an_address(tmp_path):
    folder = tmp_path / ("d" * 60) / ("e" * 60)
    folder.mkdir(parents=True)
    before = Path.cwd()
    os.chdir(folder)
    try:
        with recording(Path(), **{"GET /x": [1]}):
            assert Daemon(str(folder / "d.sock")).ask("GET", "/x") == [1]
    finally:
        os.chdir(before)
