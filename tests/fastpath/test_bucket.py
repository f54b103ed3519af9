"""The token bucket against one that counts with fractions."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastpath.bucket import TestBucket as Bucket

SECOND = 1_000_000_000


def test_a_full_bucket_gives_its_burst_then_its_rate():
    bucket = Bucket(10, 5)
    assert [bucket.take(SECOND) for _ in range(6)] == [True] * 5 + [False]
    assert not bucket.take(SECOND + SECOND // 10 - 1)
    assert bucket.take(SECOND + SECOND // 10)
    assert not bucket.take(SECOND + SECOND // 10)
    assert bucket.counted == (6, 3)


def test_rest_fills_it_no_higher_than_its_burst():
    bucket = Bucket(10, 5)
    assert bucket.take(0)
    assert [bucket.take(1000 * SECOND) for _ in range(7)] == [True] * 5 + [False] * 2


def test_a_burst_of_one_is_a_pace():
    bucket = Bucket(4, 0)
    assert [bucket.take(n * SECOND // 8) for n in range(1, 9)] == [True, False] * 4


@pytest.mark.parametrize(("rate", "gives"), [(0, False), (0xFFFFFFFF, True)])
def test_nothing_and_everything(rate, gives):
    bucket = Bucket(rate, 1)
    assert [bucket.take(now) for now in (0, 0, 1, SECOND)] == [gives] * 4


def test_another_rate_keeps_what_was_spent():
    bucket = Bucket(10, 2)
    assert [bucket.take(SECOND) for _ in range(3)] == [True, True, False]
    bucket.set(1000, 2)
    assert not bucket.take(SECOND)
    assert bucket.take(SECOND + SECOND // 1000)


@settings(deadline=None)
@given(st.integers(1, 10_000), st.integers(1, 50), st.lists(st.integers(0, 2 * SECOND), max_size=200))
def test_as_one_that_counts_with_fractions(rate, burst, steps):
    interval, now, full = SECOND // rate, SECOND, Fraction(burst)
    bucket = Bucket(rate, burst)
    for step in steps:
        now += step
        full = min(Fraction(burst), full + Fraction(step, interval))
        assert bucket.take(now) == (full >= 1)
        if full >= 1:
            full -= 1
