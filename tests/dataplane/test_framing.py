from hypothesis import given
from hypothesis import strategies as st

from dataplane.framing import framed, whole_frames

PIECES = st.lists(st.tuples(st.sampled_from([1, 2]), st.binary(max_size=300)), max_size=8)


def test_a_frame_as_docker_has_it():
    assert framed(2, b"oops") == b"\x02\x00\x00\x00\x00\x00\x00\x04oops"


@given(PIECES, st.integers(0, 3000))
def test_frames_are_read_back_wherever_they_are_cut(pieces, cut):
    whole = b"".join(framed(*piece) for piece in pieces)
    first, rest = whole_frames(whole[:cut])
    second, left = whole_frames(rest + whole[cut:])
    assert (first + second, left) == (pieces, b"")
