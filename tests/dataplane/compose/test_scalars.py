"""Plain scalars, as Compose reads them."""

import math

import pytest

from dataplane.compose.scalars import plain


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("~", None),
        ("null", None),
        ("Null", None),
        ("nULL", "nULL"),
        ("true", True),
        ("True", True),
        ("FALSE", False),
        ("yes", "yes"),
        ("on", "on"),
        ("n", "n"),
        ("5", 5),
        ("-5", -5),
        ("+5", 5),
        ("007", 7),
        ("0o17", 15),
        ("0022", 18),
        ("-017", -15),
        ("08", 8.0),
        ("0b101", 5),
        ("-0x10", -16),
        ("0xff", 255),
        ("1.5", 1.5),
        (".5", 0.5),
        ("5.", 5.0),
        ("1e3", 1000.0),
        ("-.inf", -math.inf),
        ("22:22", "22:22"),
        ("1_000", 1000),
        ("_1", "_1"),
        ("0x", "0x"),
        ("1.2.3.4", "1.2.3.4"),
        ("2026-01-01", "2026-01-01"),
        ("٣", "٣"),
        ("-", "-"),
        ("9" * 30, "9" * 30),
    ],
)
def test_plain(text, value):
    result = plain(text)
    assert result == value
    assert type(result) is type(value)


def test_not_a_number():
    assert math.isnan(plain(".nan"))
