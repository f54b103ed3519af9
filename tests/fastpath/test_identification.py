"""What fragments are called: not to be foreseen (RFC 7739), not soon again (RFC 6864), and equal for equal seeds."""

import itertools

import pytest

from fastpath.identification import identifications

ENDS = {4: ("203.0.113.1", "192.0.2.10"), 6: ("2001:db8:ff::1", "2001:db8:1::10")}


@pytest.mark.parametrize("v", [4, 6])
def test_no_number_returns_before_all_were_used(v):
    """RFC 6864, 4.3: of one source, target and protocol; over IPv6 a sample of the 2^32."""
    found = identifications(1, *ENDS[v], 17, 1 << 16)
    assert len(set(found)) == 1 << 16
    assert (max(found) < 1 << 16) == (v == 4)


@pytest.mark.parametrize("v", [4, 6])
def test_one_says_nothing_of_the_next(v):
    """RFC 7739, 4: neither a counter nor a step that repeats; each bit changes about every second time."""
    found = identifications(1, *ENDS[v], 17, 4096)
    steps = {(after - before) & 0xFFFFFFFF for before, after in itertools.pairwise(found)}
    assert len(steps) > 3500
    for bit in range(16 if v == 4 else 32):
        changes = sum((before ^ after) >> bit & 1 for before, after in itertools.pairwise(found))
        assert 1800 < changes < 2300


@pytest.mark.parametrize("v", [4, 6])
def test_conversations_and_seeds_have_their_own(v):
    source, target = ENDS[v]
    ours = identifications(1, source, target, 17, 64)
    assert ours == identifications(1, source, target, 17, 64)
    for other in (
        identifications(2, source, target, 17, 64),
        identifications(1, source, target, 6, 64),
        identifications(1, target, source, 17, 64),
    ):
        assert sum(a == b for a, b in zip(ours, other, strict=True)) < 4
