"""Spans of time as Docker's columns have them."""

import pytest

from dataplane.spans import ago

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
