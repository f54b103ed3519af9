"""No input whatever raises anything but UserError, nor takes long."""

import contextlib

from hypothesis import given, settings
from hypothesis import strategies as st

from dataplane.compose import load
from dataplane.compose.envfile import parse, parse_raw
from dataplane.errors import UserError
from dataplane.model import Topology

from . import strategies

ENVIRONMENT = {"A": "web", "B": ""}


@settings(max_examples=200, deadline=None)
@given(strategies.file())
def test_any_file(tree):
    with contextlib.suppress(UserError):
        assert isinstance(load(tree, environment=ENVIRONMENT), Topology)


@settings(max_examples=200, deadline=None)
@given(strategies.damaged())
def test_any_damaged_file(tree):
    with contextlib.suppress(UserError):
        assert isinstance(load(tree, environment=ENVIRONMENT), Topology)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.text(max_size=8), strategies.ANYTHING, max_size=4))
def test_any_dict(tree):
    with contextlib.suppress(UserError):
        load(tree, environment=ENVIRONMENT)


PIECES = """
    services: networks: web: image:_host front null 1 ${A} ${ &a *a <<:_*a !!str_ !reset_ ---_ ... %YAML_1.1 # \\0 \\ud800
    ' " | , : ? - { } [ ]
"""
SPACES = ("\n", "\n  ", "\n    ", "\t", "\u2028", "\ufeff", "\x85", " ")
FRAGMENTS = st.sampled_from([*(piece.replace("_", " ") for piece in PIECES.split()), *SPACES])


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.text(), st.lists(FRAGMENTS, max_size=30).map("".join)))
def test_any_text(text):
    with contextlib.suppress(UserError):
        assert isinstance(load(text, text=True, environment={"A": "x"}), Topology)


@settings(max_examples=200, deadline=None)
@given(st.text())
def test_any_path(path):
    with contextlib.suppress(UserError):
        load(path.replace("\n", ""), environment={})


@settings(max_examples=200, deadline=None)
@given(st.text("AB=:'\"$\\{}- #\n\r\té\0", max_size=40))
def test_any_environment_file(text):
    for reader in (parse, parse_raw):
        with contextlib.suppress(UserError):
            assert all(isinstance(value, str) for value in reader(text, ".env", {"A": "x"}.get).values())
