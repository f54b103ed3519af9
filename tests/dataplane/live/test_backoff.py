"""Restart policies and their delays, as Docker has them."""

import pytest

from dataplane.live.backoff import Backoff
from dataplane.model import Restart


@pytest.mark.parametrize(
    ("policy", "status", "again"),
    [
        ("no", 1, False),
        ("no", 0, False),
        ("on-failure", 0, False),
        ("on-failure", 1, True),
        ("always", 0, True),
        ("always", 1, True),
        ("unless-stopped", 0, True),
    ],
)
def test_policies(policy, status, again):
    assert (Backoff(Restart(policy=policy)).after(status, 0.0) is not None) is again


def test_delays_double_to_a_minute_and_begin_anew_after_a_long_run():
    backoff = Backoff(Restart(policy="always"))
    delays = [backoff.after(1, 0.0) for _ in range(12)]
    assert delays[:4] == pytest.approx([0.1, 0.2, 0.4, 0.8])
    assert delays[-1] == 60.0
    assert backoff.after(1, 9.9) == 60.0
    assert backoff.after(1, 10.0) == 0.1


def test_on_failure_gives_up_after_its_retries():
    backoff = Backoff(Restart(policy="on-failure", max_retries=2))
    assert [backoff.after(1, 0.0) is not None for _ in range(4)] == [True, True, False, False]
    assert backoff.count == 2
