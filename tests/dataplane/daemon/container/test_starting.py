"""Why a command did not start, in the words by which Docker's clients tell 126 from 127 from 125."""

from __future__ import annotations

import pytest

from dataplane.daemon.container.starting import CREATE, hostname, refusal
from dataplane.desired.records import ContainerRecord, State
from dataplane.errors import UserError

START = "unable to start container process: "


GONE, REFUSED = "No such file or directory", "Permission denied"
NOT_IN_PATH = 'exec: "x": executable file not found in $PATH: unknown'
NO_FILE = 'exec: "/x": stat /x: no such file or directory: unknown'
NO_FOLDER = 'chdir to cwd ("/w") set in config.json failed: no such file or directory: unknown'


@pytest.mark.parametrize(
    ("what", "where", "given", "argv", "said", "status"),
    [
        (f"cannot run the command: {GONE}", "x", 127, "x", START + NOT_IN_PATH, 127),
        (f"cannot run the command: {GONE}", "/x", 127, "/x", START + NO_FILE, 127),
        (f"cannot run the command: {REFUSED}", "/x", 126, "/x", f'{START}exec: "/x": permission denied: unknown', 126),
        (f"cannot enter its folder: {GONE}", "/w", 126, "x", START + NO_FOLDER, 127),
        ("the helper is gone", "lab", 1, "x", "lab: the helper is gone", 128),
    ],
)
def test_each_failure_has_its_words_and_its_status(what: str, where: str, given: int, argv: str, said: str, status: int) -> None:
    refused, code = refusal(UserError(what, where=where, status=given), (argv,), "/w", CREATE)
    assert (refused.what, code, refused.http) == (CREATE + said, status, 500 if status == 128 else 400)


def test_an_unknown_user() -> None:
    refused, _ = refusal(UserError("there is no user nosuch here", where="user: nosuch"), ("x",), "/", CREATE)
    assert (refused.what, refused.http) == ("unable to find user nosuch: no matching entries in passwd file", 400)


def test_a_container_in_anothers_namespace_is_called_as_that_one() -> None:
    """`container:X` shares X's hostname, through any number of steps; the host's is "", and a circle ends."""

    def record(id: str, mode: str, name: str = "") -> ContainerRecord:
        return ContainerRecord(id=id, name=id, created=0, network_mode=mode, hostname=name)

    one, two, three = record("1", "bridge", "first"), record("2", "container:1"), record("3", "container:2")
    state = State(containers={"1": one, "2": two, "3": three})
    assert [hostname(state, each) for each in (one, two, three)] == ["first"] * 3
    assert hostname(state, record("4", "host")) == ""
    circle = record("5", "container:5")
    assert hostname(State(containers={"5": circle}), circle) == ""
