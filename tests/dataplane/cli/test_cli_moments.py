"""Times as Docker's users write and read them: `--since 42m`, "About a minute ago", Go's times."""

import time

import pytest

from dataplane.cli.moments import ago, as_go, asked, nanoseconds

ROUNDED = {
    0.2: "Less than a second",
    1: "1 second",
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


def test_since_is_a_time_or_so_long_ago():
    assert asked("1136073845.5") == "1136073845.5"
    assert asked("2006-01-02T15:04:05Z") == "1136214245.000000000"
    assert asked("2006-01-02T15:04:05.25+01:00") == "1136210645.250000000"
    assert abs(float(asked("1h30m")) - (time.time() - 5400)) < 5
    with pytest.raises(ValueError, match="cannot parse"):
        asked("yesterday")


def test_gos_times(monkeypatch):
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    assert as_go(1136214245) == "2006-01-02 15:04:05 +0000 UTC"
    assert nanoseconds(1136214245_000000007) == "2006-01-02T15:04:05.000000007+00:00"
