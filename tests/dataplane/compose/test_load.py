"""Where a lab comes from: files, folders, text, dicts; its name; ``.env``."""

import pytest

from dataplane.compose import find, load
from dataplane.compose.files import NAMES
from dataplane.errors import UserError

WEB = "services: {web: {image: host}}\n"


def test_find_in_composes_order(tmp_path):
    with pytest.raises(UserError, match="no Compose file in"):
        find(tmp_path)
    for name in reversed(NAMES):
        (tmp_path / name).write_text(WEB)
        assert find(tmp_path) == tmp_path / name


@pytest.mark.parametrize("form", [str, lambda path: path, lambda path: path.parent, lambda path: str(path.parent)])
def test_a_path_or_its_folder(tmp_path, form):
    folder = tmp_path / "My Lab.2"
    folder.mkdir()
    (folder / "compose.yaml").write_text(WEB)
    topology = load(form(folder / "compose.yaml"), environment={})
    assert (topology.name, topology.folder, topology.source) == ("mylab2", str(folder), str(folder / "compose.yaml"))


def test_a_dict_and_text_say_where_they_are_wrong():
    for source, where in (({"services": {"web": {"imag": 1}}}, "<dict>"), ("services:\n  web: {imag: 1}\n", "<text>:2")):
        with pytest.raises(UserError) as caught:
            load(source, environment={})
        assert caught.value.where == f"{where}: services.web.imag"


def test_a_dict_equals_the_text():
    tree = {"services": {"web": {"image": "host", "command": ("a", "b"), "scale": 2, "environment": {"A": None}}}}
    text = "services: {web: {image: host, command: [a, b], scale: 2, environment: {A: }}}\n"
    assert load(tree, environment={"A": "1"}).services == load(text, environment={"A": "1"}).services


@pytest.mark.parametrize("tree", [{1: 2}, {"services": {"web": object()}}, {"services": {"web": b"x"}}, {"services": {"a": "\0"}}])
def test_what_no_file_can_hold_is_refused_in_a_dict(tree):
    with pytest.raises(UserError):
        load(tree, environment={})


def test_a_dict_that_holds_itself_is_refused():
    tree: dict[str, object] = {}
    tree["services"] = tree
    with pytest.raises(UserError, match="nested more than"):
        load(tree, environment={})


@pytest.mark.parametrize(
    ("written", "given", "name"),
    [(None, None, "lab"), ("shop", None, "shop"), ("shop", "other", "other"), ("'${N}-1'", None, "x-1"), ("${NO:-d}", None, "d")],
)
def test_the_name(written, given, name):
    head = f"name: {written}\n" if written else ""
    assert load(head + WEB, name=given, environment={"N": "x"}).name == name


def test_the_name_is_a_variable():
    topology = load(
        f"name: shop\n{WEB.replace('host', 'host, labels: {a: $COMPOSE_PROJECT_NAME}')}", environment={"COMPOSE_PROJECT_NAME": "x"}
    )
    assert topology.services["web"].labels == {"a": "shop"}


@pytest.mark.parametrize("name", ["", "A", "-a", "_a", "a b", "a/b", "a" * 64])
def test_names_that_no_lab_can_have(name):
    with pytest.raises(UserError, match="cannot name a lab"):
        load(WEB, name=name, environment={})


def test_a_folder_that_gives_no_name(tmp_path):
    (tmp_path / "___").mkdir()
    (tmp_path / "___/compose.yaml").write_text(WEB)
    with pytest.raises(UserError, match="gives the lab no name"):
        load(tmp_path / "___", environment={})


def test_the_environment_stands_above_dot_env(tmp_path):
    (tmp_path / ".env").write_text("A=file\nB=file\nC=$A\n")
    (tmp_path / "compose.yaml").write_text("services: {web: {image: host, environment: {X: '$A$B$C', B: }}}\n")
    web = load(tmp_path, environment={"A": "outer"}).services["web"]
    assert web.process.environment == {"X": "outerfileouter", "B": "file"}


def test_the_processes_environment_is_the_default(tmp_path, monkeypatch):
    monkeypatch.setenv("DATAPLANE_TEST_X", "seen")
    assert load("services: {web: {image: host, labels: {a: $DATAPLANE_TEST_X}}}\n").services["web"].labels == {"a": "seen"}


def test_an_override_file_is_named(tmp_path):
    (tmp_path / "compose.yaml").write_text(WEB)
    (tmp_path / "compose.override.yaml").write_text(WEB)
    assert load(tmp_path, environment={}).warnings == ("compose.override.yaml beside the file is not read: give one file",)


@pytest.mark.parametrize(
    ("octets", "what"),
    [(b"\xff", "is not UTF-8 text"), (b"#" * (1 << 20) + b"\n", "is larger than 1 MiB")],
)
def test_files_that_are_no_text(tmp_path, octets, what):
    (tmp_path / "compose.yaml").write_bytes(octets)
    with pytest.raises(UserError, match=what):
        load(tmp_path, environment={})


@pytest.mark.parametrize("path", ["nothing.yaml", "x" * 5000, "/dev/null/x", "a\0b"])
def test_paths_that_lead_nowhere(path):
    with pytest.raises(UserError):
        load(path, environment={})
