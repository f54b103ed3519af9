import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataplane.api import times
from dataplane.desired.refused import Refused

S = 1_000_000_000


@pytest.mark.parametrize(
    ("time", "text"),
    [
        (0, "0001-01-01T00:00:00Z"),
        (1_700_000_000 * S, "2023-11-14T22:13:20Z"),
        (1_700_000_000 * S + 120_000_000, "2023-11-14T22:13:20.12Z"),
        (1_700_000_000 * S + 1, "2023-11-14T22:13:20.000000001Z"),
    ],
)
def test_rfc3339_has_no_trailing_zeros(time, text):
    assert times.rfc3339(time) == text


def test_log_stamps_have_nine_digits():
    assert times.stamp(1_700_000_000 * S) == "2023-11-14T22:13:20.000000000Z"


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("", 0),
        ("1700000000", 1_700_000_000 * S),
        ("1700000000.000000001", 1_700_000_000 * S + 1),
        ("1700000000.5", 1_700_000_000 * S + S // 2),
        ("2023-11-14T22:13:20Z", 1_700_000_000 * S),
        ("2023-11-14T23:13:20+01:00", 1_700_000_000 * S),
        ("10m", 1_700_000_000 * S - 600 * S),
        ("1h30m", 1_700_000_000 * S - 5400 * S),
        ("1.5s", 1_700_000_000 * S - S * 3 // 2),
    ],
)
def test_moments_as_clients_write_them(text, time):
    assert times.moment(text, 1_700_000_000 * S) == time


@pytest.mark.parametrize("text", ["yesterday", "5 m", "1e9", "9" * 40, "1h?", "../x"])
def test_other_moments_are_refused(text):
    with pytest.raises(Refused):
        times.moment(text, 0)


@given(st.text(max_size=40))
def test_no_text_breaks_a_moment(text):
    """Hostile: whatever is written, it is a time or is refused."""
    try:
        assert times.moment(text, 10**18) >= 0
    except Refused as refused:
        assert refused.http == 400
