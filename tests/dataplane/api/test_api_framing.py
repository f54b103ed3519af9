import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataplane.api.framing import framed, keys
from dataplane.desired.refused import Refused
from tests.dataplane.api.asking import frames


@given(st.lists(st.tuples(st.sampled_from([1, 2]), st.binary(max_size=300))))
def test_frames_are_read_back(pieces):
    assert frames(b"".join(framed(*piece) for piece in pieces)) == pieces


def test_keys_as_docker_writes_them():
    assert keys("") == b"\x10\x11"
    assert keys("ctrl-p,ctrl-q") == b"\x10\x11"
    assert keys("ctrl-],x") == b"\x1dx"
    for text in ("ctrl-1", "ab", ",", "ctrl-é"):
        with pytest.raises(Refused):
            keys(text)
