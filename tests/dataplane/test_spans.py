"""Spans of time as Docker's users write them, and as its columns have them."""

import pytest

from dataplane.spans import LONGEST, SECOND, ago, duration

ROUNDED = {
    0.2: "Less than a second",
    1: "1 second",
    59.9: "59 seconds",
    59: "59 seconds",
    60: "About a minute",
    119: "About a minute",
    120: "2 minutes",
    3599: "59 minutes",
    3600: "About an hour",
    5400: "2 hours",
    47 * 3600: "47 hours",
    48 * 3600: "2 days",
    13 * 86400: "13 days",
    14 * 86400: "2 weeks",
    59 * 86400: "8 weeks",
    60 * 86400: "2 months",
    729 * 86400: "24 months",
    730 * 86400: "2 years",
}


@pytest.mark.parametrize("seconds", ROUNDED)
def test_durations_are_rounded_as_docker_does(seconds):
    """go-units, HumanDuration."""
    assert ago(seconds) == ROUNDED[seconds]


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [
        ("0", 0),
        ("42m", 42 * 60 * SECOND),
        ("1h30m", 5400 * SECOND),
        (".5s", SECOND // 2),
        ("1.s", SECOND),
        ("1s1s", 2 * SECOND),
        ("3us3µs3μs", 9000),
        ("0.1s0.2s", 300_000_000),
        (f"{LONGEST}ns", LONGEST),
    ],
)
def test_durations_as_users_write_them(text, nanoseconds):
    """Go, time.ParseDuration; exact, where a float would not be."""
    assert duration(text) == nanoseconds


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", 'invalid duration ""'),
        ("s", 'invalid duration "s"'),
        (".", "invalid"),
        ("-5s", "invalid"),
        ("1,5s", 'unknown unit ","'),
        ("5", 'missing unit in duration "5"'),
        ("1s5", "missing unit"),
        ("1d", 'unknown unit "d" in duration "1d"'),
        ("1m 30s", 'unknown unit "m "'),
        ("1..s", "invalid"),
        (f"{LONGEST + 1}ns", "invalid"),
        ("9" * 101 + "s", "invalid"),
        ("\u0665s", "invalid"),
    ],
)
def test_other_durations_are_refused_in_gos_words(text, words):
    with pytest.raises(ValueError, match=words):
        duration(text)
