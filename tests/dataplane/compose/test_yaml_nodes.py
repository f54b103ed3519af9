"""YAML text -> nodes: lines, aliases, merges, bounds."""

import pytest
import yaml

from dataplane.compose import yaml_nodes
from dataplane.compose.nodes import MAX_DEPTH, Node
from dataplane.errors import UserError


def bare(node: Node) -> object:
    match node.value:
        case tuple() as nodes:
            return [bare(child) for child in nodes]
        case dict() as entries:
            return {key: bare(child) for key, child in entries.items()}
        case value:
            return value


@pytest.fixture(params=["libyaml", "pure"], autouse=True)
def parser(request, monkeypatch):
    """Both of PyYAML's parsers: wheels and distributions have the first, a build without libyaml the second."""
    loader = yaml.SafeLoader if request.param == "pure" else yaml.CSafeLoader
    monkeypatch.setattr(yaml_nodes, "LOADER", loader)


def read(text: str) -> Node:
    return yaml_nodes.read(text, "lab.yaml", "/lab")


def test_an_entry_stands_in_the_line_of_its_key():
    root = read("a:\n  b:\n    - 1\n    - 2\nc: [3]\n")
    assert root.value["a"].place.line == 1
    assert root.value["a"].value["b"].place.line == 2
    assert [node.place.line for node in root.value["a"].value["b"].value] == [3, 4]
    assert root.value["c"].place == root.place.__class__("lab.yaml", 5, "/lab")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: &x {b: 1}\nc: *x\n", {"a": {"b": 1}, "c": {"b": 1}}),
        ("x: &x {b: 1, c: 2}\ny: {<<: *x, c: 3}\n", {"x": {"b": 1, "c": 2}, "y": {"b": 1, "c": 3}}),
        ("x: &x {b: 1}\ny: {c: 3, b: 2, <<: *x}\n", {"x": {"b": 1}, "y": {"b": 2, "c": 3}}),
        ("x: &x {b: 1}\ny: &y {b: 2, c: 2}\nz: {<<: [*x, *y]}\n", {"x": {"b": 1}, "y": {"b": 2, "c": 2}, "z": {"b": 1, "c": 2}}),
        ("x: &x {b: 1}\ny: &y {<<: *x, c: 2}\nz: {<<: *y}\n", {"x": {"b": 1}, "y": {"b": 1, "c": 2}, "z": {"b": 1, "c": 2}}),
        ("a: {'<<': 1}\n", {"a": {"<<": 1}}),
        ("a: !!str 5\nb: ! 5\nc: !!int '5'\n", {"a": "5", "b": "5", "c": 5}),
        ("a: |\n  one\n  two\n", {"a": "one\ntwo\n"}),
        ("on: off\nno: yes\n", {"on": "off", "no": "yes"}),
        ("a:\nb: ~\nc: ''\n", {"a": None, "b": None, "c": ""}),
        ("&k key: 1\nother: *k\n", {"key": 1, "other": "key"}),
    ],
)
def test_values(text, value):
    assert bare(read(text)) == value


def test_tags_of_compose_are_kept():
    root = read("a: !reset null\nb: !override [1]\nc: !override {d: 1}\n")
    assert [root.value[key].tag for key in "abc"] == ["reset", "override", "override"]


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("", 0, "the file is empty"),
        ("# nothing\n", 0, "the file is empty"),
        ("a: 1\nb: 2\na: 3\n", 3, 'the key "a" is written twice, first in line 1'),
        ("a: {<<: {b: 1}, <<: {c: 1}}\n", 1, 'the key "<<" is written twice, first in line 1'),
        ("a: *x\n", 1, 'the alias "*x" has no anchor above it'),
        ("a: &x [*x]\n", 1, 'the alias "*x" has no anchor above it'),
        ("a: 1\n---\nb: 1\n", 2, "a second YAML document begins here"),
        ("a: !!python/object:os.system x\n", 1, 'the tag "tag:yaml.org,2002:python/object:os.system" means nothing here'),
        ("a: !mine {}\n", 1, 'the tag "!mine" means nothing here'),
        ("8080: 1\n", 1, 'the key "8080" is not a text'),
        ("[1]: 2\n", 1, "a list or mapping cannot be a key"),
        ("x: &x 5\ny: {*x : 1}\n", 2, 'the key "5" is not a text'),
        ("a: {<<: [1]}\n", 1, '"<<" merges mappings, and a number stands here'),
        ("a: {<<: x}\n", 1, '"<<" merges mappings, and a text stands here'),
        ('a: "x\\0y"\n', 1, "the text holds a character that no program can be given (NUL, or half of a surrogate pair)"),
        ("a: " + "[" * (MAX_DEPTH + 2), 1, f"values are nested more than {MAX_DEPTH} deep"),
    ],
)
def test_refused(text, line, what):
    with pytest.raises(UserError) as caught:
        read(text)
    assert caught.value.what == what
    assert caught.value.where == (f"lab.yaml:{line}" if line else "lab.yaml")


@pytest.mark.parametrize(
    "text", ["a: [1\nb: 2\n", "a: b: c\n", "a: 'x\n", "\ta: 1\n", "a: \x01\n", "%FOO\n", "a: |\n b\n  c\n d\n- e\n"]
)
def test_what_is_not_yaml_says_so(text):
    with pytest.raises(UserError, match="this is not YAML"):
        read(text)


def test_an_alias_bomb_is_refused_quickly():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 30)]
    with pytest.raises(UserError, match="expands to more than 200,000 values"):
        read("\n".join(lines))


def test_a_bomb_of_merges_is_refused_quickly():
    lines = ["a: &a {" + ", ".join(f"k{i}: 1" for i in range(1000)) + "}", "b: {<<: [" + ", ".join(["*a"] * 10_000) + "]}"]
    with pytest.raises(UserError, match="expands to more than 200,000 values"):
        read("\n".join(lines))
