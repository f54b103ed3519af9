"""Times as Docker's users write and read them: `--since 42m`, Go's times."""

import time

import pytest

from dataplane.cli.moments import as_go, asked, nanoseconds


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
    assert nanoseconds(1136214245_000000007) == "2006-01-02T15:04:05.000000007Z"
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    assert nanoseconds(1136214245_000000007) == "2006-01-03T00:04:05.000000007+09:00"
