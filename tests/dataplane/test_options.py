"""Driver options are text, read as Go reads it."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataplane.errors import UserError
from dataplane.options import boolean, integer, seconds


@pytest.mark.parametrize(("text", "value"), [("0", 0), ("+7", 7), ("-7", -7), ("007", 7)])
def test_whole_numbers(text, value):
    assert integer({"k": text}, "k", 1, low=-10, high=10) == value


@pytest.mark.parametrize("text", ["", "+", "0x10", "1_0", "1.0", " 1", "٣", "--1", "1e3"])
def test_what_go_would_not_parse_is_no_whole_number(text):
    with pytest.raises(UserError, match=r"strconv\.Atoi"):
        integer({"k": text}, "k", 1, low=-10, high=10_000)


@pytest.mark.parametrize("text", ["-11", "11", "99999999999999999999"])
def test_bounds_are_kept(text):
    with pytest.raises(UserError, match="must be from -10 to 10"):
        integer({"k": text}, "k", 1, low=-10, high=10)


@pytest.mark.parametrize(
    ("text", "value"), [("1", True), ("t", True), ("TRUE", True), ("0", False), ("f", False), ("False", False)]
)
def test_booleans(text, value):
    assert boolean({"k": text}, "k", not value) is value


@pytest.mark.parametrize("text", ["", "yes", "tRUE", "on", "2"])
def test_what_go_would_not_parse_is_no_boolean(text):
    with pytest.raises(UserError, match=r"strconv\.ParseBool"):
        boolean({"k": text}, "k", True)


@given(st.decimals(0, 1_000_000, places=3))
def test_seconds_become_nanoseconds_exactly(value):
    assert seconds({"k": str(value)}, "k", 0) == int(value * Decimal(10) ** 9)


@pytest.mark.parametrize("text", ["", "5m", "-1", "nan", "inf", "1000001", "1e400"])
def test_what_is_no_number_of_seconds(text):
    with pytest.raises(UserError, match="is not a number of seconds"):
        seconds({"k": text}, "k", 0)


def test_what_is_not_written_is_the_default():
    assert (integer({}, "k", 3, low=5, high=6), boolean({}, "k", True), seconds({}, "k", 9)) == (3, True, 9)
