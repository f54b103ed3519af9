"""Wrong Compose files through the command line: one message that says what, where and how to mend, and status 2."""

import pytest
from wrong_files import WRONG_FILES


def message(what: str, where: str, mend: str) -> str:
    return f"dataplane: {what}\n  where: {where}\n  mend:  {mend}\n"


@pytest.mark.parametrize("text, what, where, mend", WRONG_FILES.values(), ids=WRONG_FILES.keys())
def test_a_wrong_file(inside, tmp_path, text, what, where, mend):
    (tmp_path / "lab.yaml").write_text(text, encoding="utf-8")
    said = inside("graph", "lab.yaml")
    assert said.stderr == message(what, where, mend)
    assert (said.stdout, said.returncode) == ("", 2)


def test_a_process_of_its_own_says_it_too(dataplane, tmp_path):
    text, *words = WRONG_FILES["a network that is not there"]
    (tmp_path / "lab.yaml").write_text(text, encoding="utf-8")
    said = dataplane("graph", "lab.yaml")
    assert (said.stdout, said.stderr, said.returncode) == ("", message(*words), 2)


@pytest.mark.parametrize("verb", ["up -d", "graph", "up"])
def test_every_verb_that_takes_a_file_says_the_same(inside, tmp_path, verb):
    text, *words = WRONG_FILES["an unknown key of a service"]
    (tmp_path / "lab.yaml").write_text(text, encoding="utf-8")
    said = inside(*verb.split(), "-f", "lab.yaml")
    assert (said.stderr, said.returncode) == (message(*words), 2)


def test_a_file_that_is_not_there(inside):
    said = inside("graph", "nowhere.yaml")
    assert said.stderr.startswith("dataplane: there is no file nowhere.yaml\n")
    assert "  mend:  check the path" in said.stderr
    assert said.returncode == 2


def test_a_folder_without_a_file(inside):
    said = inside("graph")
    assert said.stderr == "dataplane: no Compose file in .\n  mend:  give one with -f FILE, or write compose.yaml\n"
    assert said.returncode == 2


def test_a_file_given_twice(inside):
    said = inside("graph", "-f", "a.yaml", "b.yaml")
    assert said.stderr == message("the file is given twice", "-f a.yaml b.yaml", "name it once, with -f or without")


def test_a_file_and_a_lab(inside):
    said = inside("graph", "--lab", "x", "b.yaml")
    assert said.stderr == message("both a file and a lab are given", "--lab x b.yaml", "draw one of them")
    said = inside("down", "--lab", "x", "b.yaml")
    assert said.stderr == message("the lab is given twice", "--lab x b.yaml", "name it with --lab or by its file")
