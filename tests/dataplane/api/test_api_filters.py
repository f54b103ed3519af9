"""Filters (DOCKER.md 1.9: network ls and prune)."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataplane.api.filters import parsed
from dataplane.desired.refused import Refused


def test_lists_and_the_older_maps_are_the_same():
    assert parsed('{"name":["a","b"]}').get("name") == ("a", "b")
    assert parsed('{"name":{"a":true,"b":false}}').get("name") == ("a",)
    assert "name" not in parsed("") and "name" not in parsed("{}") and "name" not in parsed('{"name":null}')


@pytest.mark.parametrize("text", ["[]", "{", "5", '{"name":5}', '{"name":[5]}', '{"name":{"a":5}}', '{"a":"b"}', "{'a':['b']}"])
def test_wrong_shapes_are_refused(text):
    with pytest.raises(Refused) as refused:
        parsed(text)
    assert refused.value.http == 400


def test_unknown_names_are_refused_as_docker_does_it():
    with pytest.raises(Refused, match=r"^invalid filter 'color'$"):
        parsed('{"color":["red"]}').only({"name"})


def test_labels_all_have_to_be_there():
    wanted = parsed('{"label":["a","b=1"],"label!":["c"]}')
    assert wanted.labels({"a": "x", "b": "1"})
    assert not wanted.labels({"a": "x", "b": "2"})
    assert not wanted.labels({"b": "1"})
    assert not wanted.labels({"a": "x", "b": "1", "c": ""})


def test_names_are_regular_expressions_and_slow_ones_are_texts():
    assert parsed('{"name":["^/web-[0-9]$"]}').matches("name", "/web-1")
    assert not parsed('{"name":["^web$"]}').matches("name", "web-1")
    assert not parsed('{"name":["(a+)+$"]}').matches("name", "a" * 5000 + "b")
    assert parsed('{"name":["["]}').matches("name", "a[b")


@given(st.text(max_size=30), st.text(max_size=60))
def test_no_expression_breaks_a_list(pattern, value):
    parsed(json.dumps({"name": [pattern]})).matches("name", value) if not any(0xD800 <= ord(c) < 0xE000 for c in pattern) else None


@given(st.text(max_size=60))
def test_no_text_breaks_the_reading(text):
    try:
        parsed(text)
    except Refused as refused:
        assert refused.http == 400


@pytest.mark.parametrize(("text", "value"), [('["1"]', True), ('["true"]', True), ('["0"]', False), ('["F"]', False)])
def test_booleans(text, value):
    assert parsed(f'{{"dangling":{text}}}').boolean("dangling") is value
    assert parsed("").boolean("dangling") is None
    with pytest.raises(Refused, match=r"invalid filter 'dangling=\[maybe\]'"):
        parsed('{"dangling":["maybe"]}').boolean("dangling")


def test_null_is_no_filter():
    assert "name" not in parsed("null")
