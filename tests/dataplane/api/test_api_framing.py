import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataplane.api.framing import DETACH, Escape, framed, keys
from dataplane.desired.refused import Refused
from tests.dataplane.api.asking import frames


@given(st.lists(st.tuples(st.sampled_from([1, 2]), st.binary(max_size=300))))
def test_frames_are_read_back(pieces):
    assert frames(b"".join(framed(*piece) for piece in pieces)) == pieces


def test_keys_as_docker_writes_them():
    assert keys("") == DETACH
    assert keys("ctrl-p,ctrl-q") == DETACH
    assert keys("ctrl-],x") == b"\x1dx"
    for text in ("ctrl-1", "ab", ",", "ctrl-é"):
        with pytest.raises(Refused):
            keys(text)


@given(st.lists(st.binary(max_size=5)))
def test_what_is_typed_arrives_whole_until_the_keys(pieces):
    """However it is cut; what was held back as a beginning comes with what follows."""
    typed = b"".join(pieces).replace(DETACH[:1], b"")
    escape = Escape(DETACH)
    out = b""
    for piece in pieces:
        passed, leaves = escape.pass_on(piece.replace(DETACH[:1], b""))
        assert not leaves
        out += passed
    assert out == typed
    assert escape.pass_on(b"a\x10") == (b"a", False)
    assert escape.pass_on(b"\x10b") == (b"\x10\x10b", False)
    assert escape.pass_on(b"x\x10") == (b"x", False)
    assert escape.pass_on(b"\x11more") == (b"", True)
